#ifndef STEELYARD_CLIENT_CLI_INTERRUPT_H_
#define STEELYARD_CLIENT_CLI_INTERRUPT_H_

#include <atomic>

namespace steelyard::cli {

// Ctrl-C.  While someone watches it, the first one is only noted, so that the
// watcher can say what goes on; the next one, and any while nobody watches,
// ends the process at once with status 130.
class Interrupt {
 public:
  // Watches from here to the end of the scope.
  class Watch {
   public:
    explicit Watch(Interrupt& interrupt) : interrupt_(interrupt) {
      interrupt_.watched_ = true;
    }
    ~Watch() { interrupt_.watched_ = false; }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Interrupt& interrupt_;
  };

  // Whether Ctrl-C was pressed.
  bool raised() const { return raised_; }

  // What the signal does.  May be called from a signal handler.
  void Raise();

  // From now on SIGINT raises `interrupt`, which must live as long as the
  // process.
  static void Install(Interrupt& interrupt);

 private:
  std::atomic<bool> watched_ = false;
  std::atomic<bool> raised_ = false;
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_INTERRUPT_H_
