import Foundation

/// Lets OpenMP's threads sleep while they wait, unless the user's environment says otherwise.
///
/// By default they spin. On an idle machine that gains a little; where anything else runs on the same cores,
/// a spinning thread keeps the one it waits for from running, and small operations become several times slower.
/// OpenMP reads its settings when the program is loaded, so the program starts itself once more with them; that
/// takes about half a second, and only commands that work for longer do it.
enum PatientThreads {
  static func ensure(for command: String?) {
    guard let command,
      ["quickstart", "train", "attack", "evaluate", "audit", "curvature", "theory"].contains(
        command),
      getenv("OMP_WAIT_POLICY") == nil, getenv("GOMP_SPINCOUNT") == nil
    else { return }
    setenv("OMP_WAIT_POLICY", "passive", 1)
    // Returns only where it failed, and then the program goes on as it is.
    execv("/proc/self/exe", CommandLine.unsafeArgv)
  }
}
