#include <string>

#include "absl/strings/str_cat.h"
#include "training/trainer.h"

namespace steelyard::training {

std::string InstructionLevel() { return STEELYARD_INSTRUCTION_LEVEL; }

std::string NumericsId() {
  return absl::StrCat(STEELYARD_NUMERICS_VERSION, "-", InstructionLevel(),
                      "-steelyard");
}

}  // namespace steelyard::training
