#include "training/data/cifar.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/data/array.h"
#include "training/data/preview.h"

namespace steelyard::training {
namespace {

struct LabelByte {
  const char* name;
  int classes;
};

// One of the two data sets.
struct Kind {
  const char* name;
  std::array<LabelByte, 2> labels;  // those before the pixels
  int64_t label_bytes;              // how many of them

  int64_t record_bytes() const { return label_bytes + kCifarPixels; }
};

constexpr Kind kCifar10 = {"CIFAR-10", {{{"label", 10}, {}}}, 1};
constexpr Kind kCifar100 = {"CIFAR-100", {{{"coarse", 20}, {"fine", 100}}}, 2};

// The longest records that a preview shows.
constexpr int64_t kHeadBytes = kPreviewRows * (2 + kCifarPixels);

using ByteCounts = std::array<int64_t, 256>;

// The labels of a file, as one of the kinds would have them.
class LabelScan {
 public:
  explicit LabelScan(const Kind& kind) : kind_(kind) {}

  // Takes the next bytes of the file, the first of which stands at `offset`,
  // an even one.
  void Add(std::span<const unsigned char> bytes, int64_t offset) {
    const int64_t record_bytes = kind_.record_bytes();
    const int64_t end = offset + std::ssize(bytes);
    // Even offsets never part the two labels of CIFAR-100.
    const int64_t first = (offset + record_bytes - 1) / record_bytes;
    for (int64_t record = first; record * record_bytes < end; ++record) {
      for (int64_t k = 0; k < kind_.label_bytes; ++k) {
        const int64_t at = record * record_bytes + k;
        if (at >= end) continue;
        AddLabel(record, k, bytes[static_cast<size_t>(at - offset)]);
      }
    }
  }

  const Kind& kind() const { return kind_; }
  const ByteCounts& counts(int64_t k) const {
    return counts_[static_cast<size_t>(k)];
  }

  // Errors: a label out of its range.
  absl::Status Check() const {
    if (!wrong_) return absl::OkStatus();
    const LabelByte& label = kind_.labels[static_cast<size_t>(wrong_->place)];
    return absl::InvalidArgumentError(absl::StrCat(
        "record ", wrong_->record + 1, " (offset ",
        wrong_->record * kind_.record_bytes() + wrong_->place, "): want a ",
        label.name, kind_.label_bytes > 1 ? " label" : "", " of 0 to ",
        label.classes - 1, ", as ", kind_.name, " has, got ", wrong_->value));
  }

 private:
  struct Wrong {
    int64_t record;
    int64_t place;
    int value;
  };

  void AddLabel(int64_t record, int64_t k, unsigned char value) {
    ++counts_[static_cast<size_t>(k)][value];
    const bool right = value < kind_.labels[static_cast<size_t>(k)].classes;
    if (!right && !wrong_) wrong_ = Wrong{record, k, value};
  }

  const Kind& kind_;
  std::array<ByteCounts, 2> counts_{};
  std::optional<Wrong> wrong_;
};

// What a file is, after one pass over it.
struct CifarFile {
  LabelScan labels;
  ByteCounts bytes;  // of all bytes, the labels among them
  int64_t records = 0;
  std::string head;  // the bytes that a preview needs
};

absl::Status WrongLength(int64_t length) {
  if (length == 0) {
    return absl::InvalidArgumentError(
        "offset 0: want at least one record, got the end of the data");
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "offset ", length, ": want the end of a record of ",
      kCifar10.record_bytes(), " bytes (CIFAR-10) or of ",
      kCifar100.record_bytes(), " (CIFAR-100), got the end of the data ",
      length % kCifar10.record_bytes(), " or ",
      length % kCifar100.record_bytes(), " bytes after one"));
}

absl::StatusOr<CifarFile> ScanFile(ByteSource& source) {
  LabelScan scan10(kCifar10);
  LabelScan scan100(kCifar100);
  ByteCounts counts = {};
  std::string head;
  std::vector<unsigned char> chunk(256 << 10);
  size_t count = 0;
  do {
    const int64_t offset = source.offset();
    STEELYARD_ASSIGN_OR_RETURN(
        count,
        source.Read({reinterpret_cast<char*>(chunk.data()), chunk.size()}));
    const std::span<const unsigned char> bytes(chunk.data(), count);
    const auto kept = std::min(std::ssize(bytes), kHeadBytes);
    scan10.Add(bytes, offset);
    scan100.Add(bytes, offset);
    for (const unsigned char byte : bytes) ++counts[byte];
    if (offset == 0) head.assign(bytes.begin(), bytes.begin() + kept);
  } while (count == chunk.size());

  const int64_t length = source.offset();
  const bool is10 = length > 0 && length % kCifar10.record_bytes() == 0;
  const bool is100 = length > 0 && length % kCifar100.record_bytes() == 0;
  if (!is10 && !is100) return WrongLength(length);
  const bool take10 = is10 && (!is100 || scan10.Check().ok());
  const LabelScan& scan = take10 ? scan10 : scan100;
  STEELYARD_RETURN_IF_ERROR(scan.Check());
  return CifarFile{scan, counts, length / scan.kind().record_bytes(),
                   std::move(head)};
}

Preview MakePreview(const CifarFile& file) {
  const Kind& kind = file.labels.kind();
  Preview preview;
  for (int64_t j = 0; j < kPreviewColumns; ++j) {
    preview.columns.push_back(j < kind.label_bytes
                                  ? kind.labels[static_cast<size_t>(j)].name
                                  : absl::StrCat(j - kind.label_bytes));
  }
  preview.more_columns = kind.record_bytes() - kPreviewColumns;
  for (int64_t i = 0; i < std::min(file.records, kPreviewRows); ++i) {
    std::vector<std::string>& row = preview.rows.emplace_back();
    for (int64_t j = 0; j < kPreviewColumns; ++j) {
      const char byte =
          file.head[static_cast<size_t>(i * kind.record_bytes() + j)];
      row.push_back(absl::StrCat(static_cast<unsigned char>(byte)));
    }
  }
  return preview;
}

ColumnSummary DescribeLabel(const CifarFile& file, int64_t k) {
  ValueCounter counter;
  const ByteCounts& counts = file.labels.counts(k);
  for (size_t value = 0; value < counts.size(); ++value) {
    if (counts[value] > 0) {
      counter.Add(static_cast<double>(value), counts[value]);
    }
  }
  return {.name = file.labels.kind().labels[static_cast<size_t>(k)].name,
          .numeric = true,
          .min = counter.min(),
          .max = counter.max(),
          .values = counter.Values()};
}

// Reads the records of one kind, one after the other.
class RecordReader {
 public:
  RecordReader(ByteSource& source, const Kind& kind)
      : source_(source),
        record_(static_cast<size_t>(kind.record_bytes())),
        label_bytes_(static_cast<size_t>(kind.label_bytes)) {}

  absl::Status Next() { return ReadAll(source_, record_, "a record"); }

  int label(size_t k) const { return record_[k]; }
  std::span<const unsigned char> pixels() const {
    return std::span<const unsigned char>(record_).subspan(label_bytes_);
  }

 private:
  ByteSource& source_;
  std::vector<unsigned char> record_;
  const size_t label_bytes_;
};

// Appends the rows wanted of one batch.
absl::Status AddBatch(ByteSource& source, const CifarFile& file,
                      CifarLabel label, RowPicker& picker, Rows& rows) {
  const Kind& kind = file.labels.kind();
  const bool second = kind.label_bytes > 1 && label == CifarLabel::kFine;
  STEELYARD_RETURN_IF_ERROR(source.Rewind());
  RecordReader reader(source, kind);
  for (int64_t record = 0; record < file.records && !picker.full(); ++record) {
    STEELYARD_RETURN_IF_ERROR(reader.Next());
    absl::StatusOr<std::optional<double>> wanted =
        picker.Pick(reader.label(second ? 1 : 0));
    if (!wanted.ok()) {
      return Within(absl::StrCat("record ", record + 1), wanted.status());
    }
    if (!wanted->has_value()) continue;
    for (const unsigned char pixel : reader.pixels()) {
      rows.features.push_back(pixel / 255.0);
    }
    rows.labels.push_back(**wanted);
  }
  return absl::OkStatus();
}

absl::Status CheckKind(const Kind& kind, const Kind& first, CifarLabel label) {
  if (&kind != &first) {
    return absl::InvalidArgumentError(absl::StrCat(
        "want ", first.name, " as in batches[0], got ", kind.name));
  }
  if (label == CifarLabel::kCoarse && kind.label_bytes == 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "want CIFAR-100, which has coarse labels, got ", kind.name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FileSummary> InspectCifar(ByteSource& source) {
  STEELYARD_ASSIGN_OR_RETURN(const CifarFile file, ScanFile(source));
  FileSummary summary;
  summary.shape = {file.records, 3, 32, 32};
  summary.dtype = "uint8";
  ByteCounts pixels = file.bytes;
  for (int64_t k = 0; k < file.labels.kind().label_bytes; ++k) {
    summary.columns.push_back(DescribeLabel(file, k));
    for (size_t value = 0; value < pixels.size(); ++value) {
      pixels[value] -= file.labels.counts(k)[value];
    }
  }
  ValueCounter counter;
  for (size_t value = 0; value < pixels.size(); ++value) {
    if (pixels[value] > 0) {
      counter.Add(static_cast<double>(value), pixels[value]);
    }
  }
  summary.min = counter.min();
  summary.max = counter.max();
  summary.preview = MakePreview(file);
  return summary;
}

absl::StatusOr<Rows> ReadCifar(
    std::span<const std::unique_ptr<ByteSource>> batches, CifarLabel label,
    const RowSelection& selection, int64_t expected_rows) {
  const auto name = [](size_t i) { return absl::StrCat("batches[", i, "]"); };
  std::vector<CifarFile> files;
  int64_t records = 0;
  for (size_t i = 0; i < batches.size(); ++i) {
    absl::StatusOr<CifarFile> file = ScanFile(*batches[i]);
    if (!file.ok()) return Within(name(i), file.status());
    files.push_back(*file);
    records += file->records;
    absl::Status fits =
        CheckKind(file->labels.kind(), files.front().labels.kind(), label);
    if (!fits.ok()) return Within(name(i), fits);
  }
  Rows rows;
  rows.columns = kCifarPixels;
  const int64_t room = std::min(expected_rows, records);
  rows.features.reserve(static_cast<size_t>(room * rows.columns));
  RowPicker picker(selection);
  for (size_t i = 0; i < batches.size(); ++i) {
    absl::Status added = AddBatch(*batches[i], files[i], label, picker, rows);
    if (!added.ok()) return Within(name(i), added);
  }
  STEELYARD_RETURN_IF_ERROR(picker.CheckSome());
  rows.rows = picker.rows();
  return rows;
}

}  // namespace steelyard::training
