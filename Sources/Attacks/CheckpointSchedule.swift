/// When APGD looks back at its progress: windows of falling length, in shares of the steps N.
///
/// The first window is 22 % of N; each next one is 3 % shorter, down to 6 %; none is shorter than one step, and all
/// shares are rounded down. Croce and Hein, arXiv 2003.01690, section 3.2, as their released code has it (the paper's
/// rounding differs by a step here and there): 22, 41, 57, 70, 80, 87, 93, 99 for N = 100.
struct CheckpointSchedule {
  /// The steps after which there is a look back, counted from 1, each with the number of steps since the one before.
  let checkpoints: [(step: Int, window: Int)]

  init(steps: Int) {
    func share(_ part: Double) -> Int { max(Int(part * Double(steps)), 1) }
    var (window, step) = (share(0.22), share(0.22))
    var found: [(step: Int, window: Int)] = []
    while step <= steps {
      found.append((step, window))
      window = max(window - share(0.03), share(0.06))
      step += window
    }
    checkpoints = found
  }

  /// The length of the window that ends with a step; nil where none does.
  func window(endingAt step: Int) -> Int? { checkpoints.first { $0.step == step }?.window }
}
