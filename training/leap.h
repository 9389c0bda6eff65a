#ifndef STEELYARD_TRAINING_LEAP_H_
#define STEELYARD_TRAINING_LEAP_H_

namespace steelyard::training {

// Goes on by leaps along the flow that the steps of full-batch descent follow,
// where that is smooth on the scale of a step (far_time.h): with rates and
// weights that follow a formula, any penalty but kAbsolute, and any loss but
// kHinge.  Of networks with hidden layers in double precision, with kIdentity,
// kTanh or kQuadratic, from a start that tells the units of a layer apart.
struct Leap {
  // What may be wrong of theta: relative to its length over ln t, and of the
  // least margin.  1e-13 to 1e-3.
  double tolerance = 1e-10;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_LEAP_H_
