#include "server/worker/png_bytes.h"

#include <zlib.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "support/check.h"

namespace steelyard::worker {
namespace {

std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) {
    bytes += static_cast<char>(value >> shift & 0xFF);
  }
  return bytes;
}

const Bytef* ZlibBytes(absl::string_view bytes) {
  return reinterpret_cast<const Bytef*>(bytes.data());
}

std::string Chunk(absl::string_view type, absl::string_view data) {
  const std::string checked = absl::StrCat(type, data);
  const uLong sum =
      crc32(0, ZlibBytes(checked), static_cast<uInt>(checked.size()));
  return absl::StrCat(BigEndian(static_cast<uint32_t>(data.size())), checked,
                      BigEndian(static_cast<uint32_t>(sum)));
}

std::string Header(const Picture& picture) {
  constexpr char kBitDepth = 8;
  constexpr char kPaletteColour = 3;
  std::string header =
      absl::StrCat(BigEndian(static_cast<uint32_t>(picture.width)),
                   BigEndian(static_cast<uint32_t>(picture.height)));
  header += kBitDepth;
  header += kPaletteColour;
  header.append(3, '\0');  // deflate, filters of method 0, not interlaced
  return header;
}

std::string Palette(const Picture& picture) {
  std::string palette;
  for (const Colour& colour : picture.palette) {
    palette += static_cast<char>(colour.red);
    palette += static_cast<char>(colour.green);
    palette += static_cast<char>(colour.blue);
  }
  return palette;
}

std::string Deflated(const std::string& bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string deflated(size, '\0');
  const int done = compress2(reinterpret_cast<Bytef*>(deflated.data()), &size,
                             ZlibBytes(bytes), static_cast<uLong>(bytes.size()),
                             Z_BEST_COMPRESSION);
  STEELYARD_CHECK(done == Z_OK);
  deflated.resize(size);
  return deflated;
}

}  // namespace

std::string PngBytes(const Picture& picture) {
  const auto width = static_cast<size_t>(picture.width);
  const auto height = static_cast<size_t>(picture.height);
  STEELYARD_CHECK(picture.pixels.size() == width * height);
  std::string lines;
  lines.reserve((width + 1) * height);
  for (size_t row = 0; row < height; ++row) {
    lines += '\0';  // no filter: neighbours in a palette are no neighbours
    const uint8_t* line = picture.pixels.data() + row * width;
    lines.append(line, line + width);
  }
  return absl::StrCat("\x89PNG\r\n\x1a\n", Chunk("IHDR", Header(picture)),
                      Chunk("PLTE", Palette(picture)),
                      Chunk("IDAT", Deflated(lines)), Chunk("IEND", ""));
}

}  // namespace steelyard::worker
