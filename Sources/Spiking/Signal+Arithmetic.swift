import Torch

extension Signal {
  /// The sum at every step: what a shortcut does. It is constant where both are.
  ///
  /// - Precondition: as many steps in both.
  public static func + (a: Signal, b: Signal) -> Signal {
    precondition(a.steps == b.steps, "cannot add signals of \(a.steps) and \(b.steps) steps")
    guard a.isConstant != b.isConstant else { return a.map { $0 + b.values } }
    let (stepped, constant) = a.isConstant ? (b, a) : (a, b)
    // Broadcast over time: the constant's gradient is then summed without a copy for each step.
    let sum = stepped.unfolded + constant.values
    return Signal(stepped: sum.flattened(from: 0, to: 1), steps: a.steps)
  }
}
