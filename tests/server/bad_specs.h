#ifndef STEELYARD_TESTS_SERVER_BAD_SPECS_H_
#define STEELYARD_TESTS_SERVER_BAD_SPECS_H_

#include <vector>

#include "steelyard/v1/spec.pb.h"

// One table of bad specs for the server's check and for the worker's switch:
// neither accepts what the other refuses.  Messages alone: the worker never
// sees a text.
namespace steelyard {

// A spec with every field that training reads, its defaults filled in.  Four
// rows of two features, two of each class; one test set with the same rows.
v1::RunSpec GoodSpec();

struct BadSpec {
  const char* name;
  void (*spoil)(v1::RunSpec* spec);  // applied to GoodSpec()
  const char* path;                  // of the server's only fault
  const char* message;               // a part of that fault's message
  // Whether the worker's switch must refuse it too: what training reads.  The
  // server alone checks names, labels and sizes.
  bool for_worker = true;
};

std::vector<BadSpec> AllBadSpecs();

// Makes the model an MLP with one hidden layer of 3 units, trained in single
// precision: 2 * 3 + 3 + 3 + 1 parameters.
v1::MlpModel* MakeMlp(v1::RunSpec* spec);

// The part of them that is about rows; within the table.
std::vector<BadSpec> BadDataSpecs();
// That about rows drawn of a polynomial.
std::vector<BadSpec> BadPolynomialSpecs();
// That about what is done to them.
std::vector<BadSpec> BadAlteredSpecs();
// That about losses.
std::vector<BadSpec> BadLossSpecs();
// That about optimisers and regularisers.
std::vector<BadSpec> BadOptimizerSpecs();
// That about weights.
std::vector<BadSpec> BadWeightingSpecs();
// That about rows drawn in the place of weights, weights that are learned, and
// snapshots.
std::vector<BadSpec> BadResamplingSpecs();
// That about targets, and weights that come of them or of groups.
std::vector<BadSpec> BadShiftSpecs();
// That about networks.
std::vector<BadSpec> BadNetworkSpecs();

}  // namespace steelyard

#endif  // STEELYARD_TESTS_SERVER_BAD_SPECS_H_
