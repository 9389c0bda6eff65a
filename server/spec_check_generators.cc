#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"
#include "server/spec_words.h"

// The limits and the matrix check are the worker's: training/data/generate.h.
namespace steelyard::server {
namespace {

constexpr int kMostClasses = 1'000;
constexpr int kMostCovarianceDimension = 256;
constexpr int kMostCoefficients = 100;
constexpr double kMostNormal = 9;

// Rows that will be drawn with one label.
struct LabelCount {
  std::string field;  // where the label is given; empty: +1 and -1
  int64_t label;
  uint64_t rows;
};

class GeneratorChecker {
 public:
  GeneratorChecker(std::string path, const v1::Data& data,
                   const v1::RunSpec& spec, std::vector<Fault>* faults)
      : path_(std::move(path)),
        data_(data),
        choice_(ChoiceOf(data, spec)),
        kind_(LabelsOf(spec)),
        labels_(choice_),
        faults_(faults) {}

  KnownRows Check() {
    switch (data_.source_case()) {
      case v1::Data::kMoons:
        return CheckMoons();
      case v1::Data::kCircles:
        return CheckCircles();
      case v1::Data::kGaussians:
        return CheckGaussians();
      case v1::Data::kSeparableGaussians:
        return CheckSeparable();
      case v1::Data::kPolynomial:
        return CheckPolynomial();
      default:
        return {};
    }
  }

 private:
  void Add(absl::string_view field, std::string message) {
    faults_->push_back({FieldPath(path_, field), std::move(message)});
  }

  bool CheckAtLeastZero(absl::string_view field, double value) {
    if (value >= 0 && value <= kMostDrawnNumber) return true;
    Add(field,
        absl::StrCat("want a value of 0 to ", ShowNumber(kMostDrawnNumber),
                     ", got ", ShowNumber(value)));
    return false;
  }

  KnownRows CheckMoons() {
    const v1::MoonsData& moons = data_.moons();
    CheckAtLeastZero("moons.noise", moons.noise());
    return Count("moons",
                 {{"", 1, moons.positive()}, {"", -1, moons.negative()}}, 2);
  }

  KnownRows CheckCircles() {
    const v1::CirclesData& circles = data_.circles();
    CheckAtLeastZero("circles.noise", circles.noise());
    const double factor = circles.has_factor() ? circles.factor() : 0.8;
    if (!(factor >= 0 && factor < 1)) {
      Add("circles.factor", absl::StrCat("want a value of at least 0 and below "
                                         "1, got ",
                                         ShowNumber(factor)));
    }
    return Count("circles",
                 {{"", 1, circles.positive()}, {"", -1, circles.negative()}},
                 2);
  }

  KnownRows CheckSeparable() {
    const v1::SeparableGaussiansData& gaussians = data_.separable_gaussians();
    const std::string name = "separable_gaussians";
    if (gaussians.dimension() == 0) {
      Add(FieldPath(name, "dimension"), "want at least 1, got 0");
    }
    const double margin = gaussians.margin();
    if (!(margin > 0 && margin <= kMostDrawnNumber)) {
      Add(FieldPath(name, "margin"),
          absl::StrCat(
              "want a value > 0, at most ", ShowNumber(kMostDrawnNumber),
              ", got ",
              gaussians.has_margin() ? ShowNumber(margin) : "nothing"));
    }
    const uint64_t half = gaussians.rows() / 2;
    return Count(name, {{"", 1, gaussians.rows() - half}, {"", -1, half}},
                 gaussians.dimension());
  }

  KnownRows CheckPolynomial() {
    const v1::PolynomialData& polynomial = data_.polynomial();
    const double deviation = polynomial.has_standard_deviation()
                                 ? polynomial.standard_deviation()
                                 : 1;
    bool sound = CheckCoefficients(polynomial);
    sound &= CheckAtLeastZero("polynomial.standard_deviation", deviation);
    sound &= CheckAtLeastZero("polynomial.noise", polynomial.noise());
    if (!(std::abs(polynomial.mean()) <= kMostDrawnNumber)) {
      Add("polynomial.mean", WantDrawnNumber(polynomial.mean()));
      sound = false;
    }
    if (sound) CheckLargestLabel(polynomial, deviation);
    if (kind_ == LabelKind::kNumbers) {
      return Count("polynomial", {{"", 0, polynomial.rows()}}, 1);
    }
    Add("polynomial",
        "want labels that are numbers, as with the loss squared without "
        "classes, got others");
    return {};
  }

  bool CheckCoefficients(const v1::PolynomialData& polynomial) {
    const std::string field = "polynomial.coefficients";
    const int count = polynomial.coefficients_size();
    if (count >= 1 && count <= kMostCoefficients) {
      return CheckNumbers(field, polynomial.coefficients());
    }
    Add(field,
        absl::StrCat("want 1 to ", kMostCoefficients, " values, got ", count));
    return false;
  }

  void CheckLargestLabel(const v1::PolynomialData& polynomial,
                         double deviation) {
    const double x = std::abs(polynomial.mean()) + kMostNormal * deviation;
    double y = 0;
    for (int k = polynomial.coefficients_size(); k-- > 0;) {
      y = std::abs(polynomial.coefficients(k)) + x * y;
    }
    y += kMostNormal * polynomial.noise();
    if (y <= kMostDrawnNumber) return;
    Add("polynomial.coefficients",
        absl::StrCat("want labels of at most ", ShowNumber(kMostDrawnNumber),
                     " in magnitude, got some that may reach ", ShowNumber(y)));
  }

  KnownRows CheckGaussians() {
    const v1::GaussiansData& gaussians = data_.gaussians();
    if (gaussians.classes().empty() ||
        gaussians.classes_size() > kMostClasses) {
      Add("gaussians.classes",
          absl::StrCat("want 1 to ", kMostClasses, " classes, got ",
                       gaussians.classes_size()));
      return {};
    }
    const std::optional<int> dimension = DimensionOf(gaussians);
    if (!dimension) return {};
    bool sound = true;
    std::vector<LabelCount> counts;
    for (int c = 0; c < gaussians.classes_size(); ++c) {
      const v1::GaussianClass& gaussian = gaussians.classes(c);
      const std::string field = absl::StrCat("gaussians.classes[", c, "]");
      sound &= CheckLabel(FieldPath(field, "label"), gaussian);
      CheckClass(field, gaussian, *dimension, gaussians.has_dimension());
      counts.push_back(
          {FieldPath(field, "label"), gaussian.label(), gaussian.rows()});
    }
    if (!sound) return {};
    return Count("gaussians", counts, static_cast<uint64_t>(*dimension));
  }

  std::optional<int> DimensionOf(const v1::GaussiansData& gaussians) {
    if (!gaussians.has_dimension()) return gaussians.classes(0).mean_size();
    if (gaussians.dimension() >= 1 &&
        gaussians.dimension() <= kMostDrawnValues) {
      return static_cast<int>(gaussians.dimension());
    }
    Add("gaussians.dimension", absl::StrCat("want 1 to ", kMostDrawnValues,
                                            ", got ", gaussians.dimension()));
    return std::nullopt;
  }

  bool CheckLabel(const std::string& field, const v1::GaussianClass& gaussian) {
    constexpr int64_t kMostWhole = int64_t{1} << 53;
    const int64_t label = gaussian.label();
    if (gaussian.has_label() && label <= kMostWhole && label >= -kMostWhole) {
      return true;
    }
    Add(field,
        absl::StrCat("want a whole number of at most 2^53 in magnitude, got ",
                     gaussian.has_label() ? absl::StrCat(label) : "nothing"));
    return false;
  }

  // `padded`: a shorter mean goes on with zeros.
  void CheckClass(const std::string& field, const v1::GaussianClass& gaussian,
                  int dimension, bool padded) {
    if (gaussian.rows() == 0) {
      Add(FieldPath(field, "rows"), "want at least 1, got 0");
    }
    if (gaussian.mean().empty() || gaussian.mean_size() > dimension ||
        (gaussian.mean_size() < dimension && !padded)) {
      Add(FieldPath(field, "mean"),
          absl::StrCat("want ", padded ? "1 to " : "",
                       dimension > 0 ? absl::StrCat(dimension) : "some",
                       " values, got ", gaussian.mean_size()));
      return;
    }
    CheckNumbers(FieldPath(field, "mean"), gaussian.mean());
    CheckChoice(FieldPath(path_, field), gaussian, faults_);
    if (gaussian.has_standard_deviation()) {
      CheckAtLeastZero(FieldPath(field, "standard_deviation"),
                       gaussian.standard_deviation());
    }
    if (gaussian.has_covariance()) {
      CheckCovariance(FieldPath(field, "covariance"), gaussian.covariance(),
                      dimension);
    }
  }

  // Whether all values are numbers that can be used.
  bool CheckNumbers(const std::string& field,
                    const google::protobuf::RepeatedField<double>& values) {
    ElementFaults wrong(FieldPath(path_, field), faults_);
    for (int i = 0; i < values.size(); ++i) {
      if (std::abs(values[i]) <= kMostDrawnNumber) continue;
      wrong.Add(IndexPath(FieldPath(path_, field), static_cast<size_t>(i)),
                WantDrawnNumber(values[i]));
    }
    return wrong.none();
  }

  void CheckCovariance(const std::string& field, const v1::Matrix& matrix,
                       int dimension) {
    if (dimension > kMostCovarianceDimension) {
      return Add(field, absl::StrCat("want at most ", kMostCovarianceDimension,
                                     " dimensions with a covariance, got ",
                                     dimension, "; use standard_deviation"));
    }
    if (matrix.rows_size() != dimension) {
      return Add(
          FieldPath(field, "rows"),
          absl::StrCat("want ", dimension, " rows, got ", matrix.rows_size()));
    }
    bool sound = true;
    for (int i = 0; i < dimension; ++i) {
      const std::string row = absl::StrCat(field, ".rows[", i, "]");
      if (matrix.rows(i).values_size() != dimension) {
        Add(row, absl::StrCat("want ", dimension, " values, got ",
                              matrix.rows(i).values_size()));
        sound = false;
      } else {
        sound &=
            CheckNumbers(FieldPath(row, "values"), matrix.rows(i).values());
      }
    }
    if (sound) CheckSemidefinite(field, matrix, dimension);
  }

  // Cholesky without exchanges, with the worker's allowance for rounding.
  void CheckSemidefinite(const std::string& field, const v1::Matrix& matrix,
                         int d) {
    const double t = d * 0x1p-44;
    const auto element = [&](int i, int j) { return matrix.rows(i).values(j); };
    std::vector<std::vector<double>> factor(
        static_cast<size_t>(d), std::vector<double>(static_cast<size_t>(d)));
    const auto at = [&](int i, int j) -> double& {
      return factor[static_cast<size_t>(i)][static_cast<size_t>(j)];
    };
    const auto name = [&](int i, int j) {
      return absl::StrCat(field, ".rows[", i, "].values[", j, "]");
    };
    for (int j = 0; j < d; ++j) {
      for (int i = j; i < d; ++i) {
        if (element(i, j) != element(j, i)) {
          return Add(name(i, j),
                     absl::StrCat("want a symmetric matrix, ",
                                  ShowNumber(element(j, i)), ", got ",
                                  ShowNumber(element(i, j))));
        }
        double rest = element(i, j);
        for (int k = 0; k < j; ++k) rest -= at(i, k) * at(j, k);
        const double slack =
            t * std::sqrt(element(i, i)) * std::sqrt(element(j, j));
        const double pivot = i == j ? rest : at(j, j);
        const bool sound =
            i == j ? rest >= -slack : pivot > 0 || std::abs(rest) <= slack;
        if (!sound) {
          return Add(name(i, j),
                     "want a positive semidefinite matrix, got one "
                     "that is not");
        }
        if (i == j) {
          at(j, j) = rest > slack ? std::sqrt(rest) : 0;
        } else {
          at(i, j) = pivot > 0 ? rest / pivot : 0;
        }
      }
    }
  }

  // What is drawn, after `classes` and `take`.
  KnownRows Count(const std::string& name,
                  const std::vector<LabelCount>& counts, uint64_t columns) {
    KnownRows known;
    uint64_t rows = 0;
    for (const LabelCount& count : counts) {
      rows += std::min(count.rows, kMostDrawnValues + 1);
    }
    if (rows == 0) {
      if (name != "gaussians") Add(name, "want at least one row, got none");
      return known;
    }
    if (rows > kMostDrawnValues || columns > kMostDrawnValues / rows) {
      Add(name, absl::StrCat("want at most ", kMostDrawnValues,
                             " values, rows times features, got more"));
      return known;
    }
    if (columns > 0) known.columns = static_cast<int64_t>(columns);
    if (kind_ == LabelKind::kSigns) {
      known.counts = CountClasses(name, counts);
    } else {
      CountOthers(name, counts, &known);
    }
    return known;
  }

  bool CheckListedOf(const std::vector<LabelCount>& counts) {
    if (path_ != "data") return true;
    NamedLabels labels;
    for (const LabelCount& count : counts) {
      if (count.rows > 0) labels.insert(count.label);
    }
    return CheckListed(data_, labels, faults_);
  }

  void CountOthers(const std::string& name,
                   const std::vector<LabelCount>& counts, KnownRows* known) {
    if (!IsSound(choice_, kind_)) return;
    OtherLabels labels(kind_, choice_);
    for (const LabelCount& count : counts) {
      if (count.rows == 0) continue;
      std::string wrong = labels.Add(static_cast<double>(count.label),
                                     static_cast<int64_t>(count.rows));
      if (wrong.empty()) continue;
      return Add(count.field.empty() ? name : count.field, std::move(wrong));
    }
    if (!CheckListedOf(counts)) return;
    const KnownRows taken = labels.Taken(data_);
    known->rows = taken.rows;
    known->most_class = taken.most_class;
    known->class_rows = taken.class_rows;
    if (*known->rows > 0 || TakesNone(data_)) return;
    Add(data_.has_classes() ? "classes" : name,
        "want classes that at least one row has, got none");
  }

  std::optional<ClassCounts> CountClasses(
      const std::string& name, const std::vector<LabelCount>& counts) {
    if (!IsSound(choice_, kind_)) return std::nullopt;
    const bool zero_or_one =
        std::all_of(counts.begin(), counts.end(), [](const LabelCount& count) {
          return count.label == 0 || count.label == 1;
        });
    ClassCounts found;
    for (const LabelCount& count : counts) {
      const std::optional<int> sign =
          labels_.Map(static_cast<double>(count.label));
      if (!sign) {
        Add(count.field,
            WrongLabel(labels_, static_cast<double>(count.label), zero_or_one));
        return std::nullopt;
      }
      const auto rows = static_cast<int64_t>(count.rows);
      if (*sign > 0) found.positive += rows;
      if (*sign < 0) found.negative += rows;
    }
    if (!CheckListedOf(counts)) return std::nullopt;
    if (found.positive + found.negative == 0) {
      Add(data_.has_classes() ? "classes" : name,
          "want classes that at least one row has, got none");
      return std::nullopt;
    }
    return TakeOf(data_, found);
  }

  const std::string path_;
  const v1::Data& data_;
  const RowChoice choice_;
  const LabelKind kind_;
  const LabelMap labels_;
  std::vector<Fault>* const faults_;
};

}  // namespace

KnownRows CheckGenerator(const std::string& path, const v1::Data& data,
                         const v1::RunSpec& spec, std::vector<Fault>* faults) {
  return GeneratorChecker(path, data, spec, faults).Check();
}

}  // namespace steelyard::server
