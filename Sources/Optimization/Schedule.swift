#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A number that changes with the step: a learning rate, most often.
///
/// A value, not a counter: asking for a step twice gives the same number, and resuming needs nothing saved.
public enum Schedule: Sendable, Equatable {
  case constant(Double)

  /// η(t) = to + (from − to) · ½ (1 + cos(π t / T)), with t = ⌊step / every⌋; stays at `to` from t = T on.
  ///
  /// With `every` = 1 the rate falls at each step. With `every` = batches per epoch and `over` = epochs it
  /// is PyTorch's `CosineAnnealingLR(T_max: over, eta_min: to)` stepped once an epoch. That one rises again
  /// after T; this one does not.
  case cosine(from: Double, over: Int, to: Double = 0, every: Int = 1)

  /// The value at a step, 0 first.
  ///
  /// - Precondition: `step` is not negative, `over` and `every` are positive.
  public func callAsFunction(_ step: Int) -> Double {
    precondition(step >= 0, "Schedule: expected a step of 0 or more, got \(step)")
    switch self {
    case .constant(let value): return value
    case .cosine(let start, let length, let end, let period):
      precondition(
        length > 0 && period > 0,
        "Schedule.cosine: expected positive `over` and `every`, got \(length) and \(period)")
      let time = step / period
      guard time < length else { return end }
      return end + (start - end) * 0.5 * (1 + cos(Double.pi * Double(time) / Double(length)))
    }
  }
}

extension Schedule: CustomStringConvertible {
  public var description: String {
    switch self {
    case .constant(let value): "\(value)"
    case .cosine(let start, let length, let end, let period):
      "cosine from \(start) to \(end) over \(length)" + (period == 1 ? "" : " × \(period) steps")
    }
  }
}
