#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A number that changes with the step: a learning rate, most often.
///
/// A value, not a counter: asking for a step twice gives the same number, and resuming needs nothing saved.
public indirect enum Schedule: Sendable, Equatable {
  case constant(Double)

  /// η(t) = to + (from − to) · ½ (1 + cos(π t / T)), with t = ⌊step / every⌋; stays at `to` from t = T on.
  ///
  /// With `every` = 1 the rate falls at each step. With `every` = batches per epoch and `over` = epochs it
  /// is PyTorch's `CosineAnnealingLR(T_max: over, eta_min: to)` stepped once an epoch. That one rises again
  /// after T; this one does not.
  case cosine(from: Double, over: Int, to: Double = 0, every: Int = 1)

  /// η(t) = from · factorⁿ, n = ⌊step / every⌋.
  ///
  /// With `every` = epochs · batches per epoch it is PyTorch's `StepLR` stepped once an epoch.
  case step(from: Double, factor: Double, every: Int)

  /// η(t) = from · factorⁿ, n the number of milestones at or before t = ⌊step / every⌋.
  ///
  /// With `every` = batches per epoch and milestones in epochs it is PyTorch's `MultiStepLR`.
  case multiStep(from: Double, factor: Double, at: [Int], every: Int = 1)

  /// A linear rise to another schedule's first value, which then begins:
  ///
  ///     η(t) = then(0) · (t + 1) / (n + 1) for t < n = over,     then(t − n) from t = n on
  ///
  /// As PyTorch's `SequentialLR` of `LinearLR(start_factor: 1 / (n + 1), total_iters: n)` and the other.
  case warmup(over: Int, then: Schedule)

  /// The value at a step, 0 first.
  ///
  /// - Precondition: `step` and the length of a warm-up are not negative, other lengths are positive.
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
    case .step(let start, let factor, let period):
      precondition(period > 0, "Schedule.step: expected a positive `every`, got \(period)")
      return start * pow(factor, Double(step / period))
    case .multiStep(let start, let factor, let milestones, let period):
      precondition(period > 0, "Schedule.multiStep: expected a positive `every`, got \(period)")
      return start * pow(factor, Double(milestones.count { $0 <= step / period }))
    case .warmup(let length, let then):
      precondition(length >= 0, "Schedule.warmup: expected `over` of 0 or more, got \(length)")
      guard step < length else { return then(step - length) }
      return then(0) * Double(step + 1) / Double(length + 1)
    }
  }
}

extension Schedule: CustomStringConvertible {
  public var description: String {
    switch self {
    case .constant(let value): "\(value)"
    case .cosine(let start, let length, let end, let period):
      "cosine from \(start) to \(end) over \(length)" + (period == 1 ? "" : " × \(period) steps")
    case .step(let start, let factor, let period):
      "\(start) times \(factor) every \(period) steps"
    case .multiStep(let start, let factor, let milestones, let period):
      "\(start) times \(factor) at \(milestones.map(String.init).joined(separator: ", "))"
        + (period == 1 ? "" : " × \(period) steps")
    case .warmup(let length, let then): "warm-up over \(length) steps, then \(then)"
    }
  }
}
