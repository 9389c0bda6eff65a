#ifndef STEELYARD_SERVER_WORKER_BOUNDARY_PICTURE_H_
#define STEELYARD_SERVER_WORKER_BOUNDARY_PICTURE_H_

#include "server/worker/boundary.h"
#include "server/worker/png_bytes.h"
#include "training/trainer.h"

namespace steelyard::worker {

// Draws a boundary, 603 x 603 pixels, three for each node: regions in light
// colours (f > 0 blue, f < 0 orange; of several outputs a colour for the
// largest; grey where none is, or f is no number), f interpolated linearly
// between nodes; over them at most 10,000 training rows, the first ones, as
// dots in the dark colour of their label.  The second feature grows upwards.
Picture DrawBoundary(const Boundary& boundary,
                     const training::Trainer& trainer);

}  // namespace steelyard::worker

#endif  // STEELYARD_SERVER_WORKER_BOUNDARY_PICTURE_H_
