#ifndef STEELYARD_SERVER_SPEC_ROWS_H_
#define STEELYARD_SERVER_SPEC_ROWS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/spec_check.h"
#include "steelyard/v1/spec.pb.h"

// What is known of a spec's rows before they are read, from inline data and
// from the summaries of datasets alike.  Within the spec library.
namespace steelyard::server {

// What the labels of a spec's rows are, by its loss.
enum class LabelKind {
  kSigns,    // -1 and +1
  kClasses,  // 0 ... K - 1
  kNumbers,  // any finite ones: squared without classes
};
LabelKind LabelsOf(const v1::RunSpec& spec);

// A fault at `path`, unless labels are signs; unless they are classes of either
// kind.
void WantSigns(const std::string& path, LabelKind kind,
               std::vector<Fault>* faults);
void WantClasses(const std::string& path, LabelKind kind,
                 std::vector<Fault>* faults);

// Rows by the class that they are mapped to.
struct ClassCounts {
  int64_t positive = 0;
  int64_t negative = 0;
};

// What is known of one set of rows; absent: nothing.
struct KnownRows {
  std::optional<int64_t> columns;
  std::optional<ClassCounts> counts;  // of signs, after `classes` and `take`
  std::optional<int64_t> rows;        // where `counts` is not known
  std::optional<int64_t> most_class;  // of kClasses: the largest label
  // Of kClasses, with `rows`: by class, of those that have any.
  std::map<int64_t, int64_t> class_rows;
  int64_t groups = 0;  // at least so many
};

// Of all sets of a spec.
struct SpecRows {
  KnownRows train;
  std::map<std::string, KnownRows> tests;  // by name
};

// Of the rows that are trained on, with signs or without.
std::optional<int64_t> CountRows(const KnownRows& rows);

// The rows of each class, none left out: of signs -1 and +1, of classes
// 0 ... K - 1.  Absent: not known, or there are no classes.
std::optional<std::map<int64_t, int64_t>> RowsByClass(const v1::RunSpec& spec,
                                                      const KnownRows& rows);

// Whether they list any label.
bool HasLists(const v1::Classes& classes);

// Which lists of labels choose the rows of a set.
struct RowChoice {
  // Its own, or those of the training data; null: there are none, or both its
  // own and left_out.
  const v1::Classes* classes = nullptr;
  bool left_out = false;  // wanted are the rows that they leave out
};
RowChoice ChoiceOf(const v1::Data& data, const v1::RunSpec& spec);

// Of one problem; each has a metric of its own.
inline constexpr int64_t kMostClasses = 1'000;
// Over all sets of a run, each group counted in every set that has it.
inline constexpr int64_t kMostGroups = 1'000;

// Of what is drawn, as the worker has it (training/data/generate.h): rows times
// features of a set, and the magnitude of every number.
inline constexpr uint64_t kMostDrawnValues = 100'000'000;
inline constexpr double kMostDrawnNumber = 1e100;

// "want a value of at most 1e+100 in magnitude, got inf"
std::string WantDrawnNumber(double got);

// What labels of -1 and +1 become.
class LabelMap {
 public:
  // Without lists labels are -1 and +1 already.
  explicit LabelMap(const RowChoice& choice);

  // +1, -1, or 0 for a row that is left out; absent when it is no whole number
  // of at most 2^53 in magnitude, or neither -1 nor +1 where there are no
  // classes.
  std::optional<int> Map(double label) const;

  // Whether every label is kept and must be -1 or +1.
  bool is_identity() const { return identity_; }

 private:
  bool identity_;
  bool left_out_;
  std::set<int64_t> positive_;
  std::set<int64_t> negative_;
};

// Labels that rows have, as far as `classes` can name them.
using NamedLabels = std::set<int64_t>;

// Whether each label that `data.classes` lists is one of `labels`, all that its
// rows have; faults where not.  True where it lists none.
bool CheckListed(const v1::Data& data, const NamedLabels& labels,
                 std::vector<Fault>* faults);

// Labels that are classes or numbers, gathered.
class OtherLabels {
 public:
  // `choice`: sound.
  OtherLabels(LabelKind kind, const RowChoice& choice)
      : kind_(kind), choice_(choice) {}

  // Adds so many rows with a label.  Empty, or what is wrong with it.
  std::string Add(double label, int64_t rows);

  // What is known now of the rows after `take`; no rows: none was wanted.
  KnownRows Taken(const v1::Data& data) const;

 private:
  const LabelKind kind_;
  const RowChoice choice_;
  std::map<int64_t, int64_t> rows_;  // by class; of numbers all in 0
};

// The cure for labels that are not -1 and +1, whatever they are.
inline constexpr char kUseClasses[] =
    "; say which are +1 and which -1 with classes: {positive: [...], "
    "negative: [...]}";

// Whether `classes` can name a label: a whole number of at most 2^53 in
// magnitude, past which a double no longer tells neighbours apart.
bool IsNameable(double label);

// "labels must be -1 and +1, got 0; use classes: {positive: [1], negative:
// [0]}", that cure where every nameable label of the set is 0 or 1, kUseClasses
// for other nameable ones, and none for the rest.
std::string WrongLabel(const LabelMap& map, double label, bool zero_or_one);

// Whether `data.take` takes nothing, which is a fault of its own.
bool TakesNone(const v1::Data& data);

// What `data.take` leaves of the rows counted.
ClassCounts TakeOf(const v1::Data& data, ClassCounts counts);

// Checks one set's data on the message alone; `path` is that of `data`.
KnownRows CheckData(const std::string& path, const v1::Data& data,
                    const v1::RunSpec& spec, std::vector<Fault>* faults);

// Of a source that is drawn: for CheckData.
KnownRows CheckGenerator(const std::string& path, const v1::Data& data,
                         const v1::RunSpec& spec, std::vector<Fault>* faults);

// Whether the lists, if any, choose anything of this kind: none is empty, no
// label in two.
bool IsSound(const RowChoice& choice, LabelKind kind);

// Whether the rows lie in stored files.
bool IsStored(const v1::Data& data);

// Whether the rows, of a test set alone, come from other rows of the spec.
bool IsDerived(const v1::Data& data);

// Of such a source: for CheckData.
void CheckDerived(const std::string& path, const v1::Data& data,
                  std::vector<Fault>* faults);

// The set whose rows are those of `target.data`, and where it stands.
inline constexpr char kTargetSet[] = "target";
inline constexpr char kTargetPath[] = "target.data";

// Where the test set of this name, or that one, stands in the spec.
std::string SetPath(const std::string& name);

// Checks `target` on the message alone, but for what CheckData says of its
// rows.
void CheckTarget(const v1::RunSpec& spec, std::vector<Fault>* faults);

// Checks it against the training rows, as far as they are known.
void CheckTargetOf(const v1::RunSpec& spec, const KnownRows& train,
                   std::vector<Fault>* faults);

// Checks the weightings that a target gives, on the message alone:
// density_ratio and label_shift.
void CheckShift(const v1::RunSpec& spec, std::vector<Fault>* faults);

// Checks them against the rows of both sides, as far as they are known.
void CheckShiftOf(const v1::RunSpec& spec, const SpecRows& rows,
                  std::vector<Fault>* faults);

// What is known of such sets by the others; comes after ApplyAlterations.
void DeriveSets(const v1::RunSpec& spec, SpecRows* rows,
                std::vector<Fault>* faults);

// Checks `loss` on the message alone.
void CheckLoss(const v1::RunSpec& spec, std::vector<Fault>* faults);

// Checks it against the training rows, as far as they are known.
void CheckLossOf(const v1::RunSpec& spec, const KnownRows& train,
                 std::vector<Fault>* faults);

// Whether full-batch descent trains a linear model in double precision from 0:
// what far numbers, scaled steps and learned weights need.
bool IsLinearDescent(const v1::RunSpec& spec);

// Checks `resampling`, and what `weighting` it can stand with, on the message
// alone.
void CheckResampling(const v1::RunSpec& spec, std::vector<Fault>* faults);

// Checks `weighting` on the message alone.
void CheckWeighting(const v1::RunSpec& spec, std::vector<Fault>* faults);

// Checks `artifacts` on the message alone.
void CheckArtifacts(const v1::RunSpec& spec, std::vector<Fault>* faults);

// Checks it against the training rows: for CheckTogether.
void CheckPlane(const v1::RunSpec& spec, const KnownRows& train,
                std::vector<Fault>* faults);

// Checks `split`, `imbalance` and `label_noise` on the message alone; `path` is
// that of `data`.
void CheckAlterations(const std::string& path, const v1::Data& data,
                      LabelKind kind, std::vector<Fault>* faults);

// From the rows that were read or drawn to those that are trained on; adds the
// set that `split` makes.  What can't be done is a fault.
void ApplyAlterations(const v1::RunSpec& spec, SpecRows* rows,
                      std::vector<Fault>* faults);

// The classes that the model tells apart: 1 where its output is one number, 0
// where they are not known yet.
int64_t CountClasses(const v1::RunSpec& spec, const KnownRows& train);

// Checks the weights against the training rows, as far as they are known.
void CheckWeightsOf(const v1::RunSpec& spec, const KnownRows& train,
                    std::vector<Fault>* faults);

// Checks optimizer and regularizer on the message alone.
void CheckOptimizer(const v1::RunSpec& spec, std::vector<Fault>* faults);

// Checks model, initial and precision on the message alone.
void CheckTraining(const v1::RunSpec& spec, std::vector<Fault>* faults);

// Checks them against the training rows, as far as they are known.
void CheckTrainingOf(const v1::RunSpec& spec, const KnownRows& train,
                     std::vector<Fault>* faults);

// Checks `evaluate`, against `stop.steps` too where it is right.
void CheckEvaluate(const v1::RunSpec& spec, int64_t most_samples,
                   std::vector<Fault>* faults);

// Checks `stop.epochs` of so many steps each, and what may not go beyond them.
void CheckEpochs(const v1::RunSpec& spec, uint64_t epoch_steps,
                 std::vector<Fault>* faults);

// Checks what the sets must have in common, and what is asked of them.
void CheckTogether(const v1::RunSpec& spec, const SpecRows& rows,
                   std::vector<Fault>* faults);

// Faults of the elements of one list: the first hundred as they are, the others
// as a number when it is destroyed, so that a long list costs no more.
class ElementFaults {
 public:
  ElementFaults(std::string list, std::vector<Fault>* faults)
      : list_(std::move(list)), faults_(faults) {}
  ~ElementFaults();
  ElementFaults(const ElementFaults&) = delete;
  ElementFaults& operator=(const ElementFaults&) = delete;

  void Add(const std::string& path, std::string message);
  bool none() const { return count_ == 0; }

 private:
  static constexpr int64_t kNamed = 100;

  const std::string list_;
  std::vector<Fault>* const faults_;
  int64_t count_ = 0;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_ROWS_H_
