#ifndef STEELYARD_SERVER_WORKER_PNG_BYTES_H_
#define STEELYARD_SERVER_WORKER_PNG_BYTES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace steelyard::worker {

inline constexpr char kPngType[] = "image/png";

struct Colour {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;
};

// A picture of few colours.
struct Picture {
  int64_t width = 0;            // of pixels, 1 to 2^31 - 1
  int64_t height = 0;           // the same
  std::vector<Colour> palette;  // 1 to 256
  std::vector<uint8_t> pixels;  // [height, width] which colour; the top first
};

// As PNG (W3C PNG, 2nd edition), 8 bits a pixel.  The same picture has the same
// bytes wherever zlib is the same.
std::string PngBytes(const Picture& picture);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_PNG_BYTES_H_
