/// A trace that was estimated from random vectors.
public struct TraceEstimate: Codable, Equatable, Sendable {
  public let value: Double
  /// Standard deviation of the value over other random vectors, estimated from these: s / √samples.
  /// nil of one sample.
  ///
  /// With few samples it is itself rough: s of 10 is off by a quarter.
  public let standardError: Double?
  /// Random vectors that the standard error rests on.
  public let samples: Int
  /// Products with the matrix.
  public let products: Int
  /// Whether the rule of stopping was met before the samples ran out; of ``TraceStop/allSamples``
  /// always.
  public let converged: Bool

  public init(
    value: Double, standardError: Double?, samples: Int, products: Int, converged: Bool
  ) {
    self.value = value
    self.standardError = standardError
    self.samples = samples
    self.products = products
    self.converged = converged
  }
}

/// When a trace has been estimated well enough.
public enum TraceStop: Equatable, Sendable {
  /// Standard error ≤ this · |estimate|, after ``minimumSamples``.
  case relativeError(Double)
  /// Standard error ≤ this, after ``minimumSamples``.
  case absoluteError(Double)
  /// |mᵢ − mᵢ₋₁| / (mᵢ₋₁ + 1e-6) < this, of the running mean mᵢ with m₀ = 0: the rule of
  /// PyHessian 0.1.
  ///
  /// For comparison only. It bounds the last step of the mean, which shrinks as 1/i whatever the
  /// error is; and the denominator keeps its sign, so that a negative mean always ends it: after
  /// two samples.
  case settledMean(Double)
  /// Never before the samples run out.
  case allSamples

  /// A standard error of fewer samples can be small by chance, and would stop at the wrong ones.
  public static let minimumSamples = 10
}

/// Running mean and variance of samples, and when to stop.
struct TraceSamples {
  let stop: TraceStop
  /// What is added to every sample, known without error.
  let offset: Double
  private(set) var count = 0
  private(set) var isSettled = false
  private var average = 0.0
  private var squares = 0.0

  init(_ stop: TraceStop, offset: Double = 0) {
    self.stop = stop
    self.offset = offset
  }

  var value: Double { offset + average }

  var standardError: Double? {
    count > 1 ? (squares / Double(count - 1) / Double(count)).squareRoot() : nil
  }

  mutating func add(_ sample: Double) {
    let before = count == 0 ? 0 : value
    count += 1
    // Welford's recurrence: no difference of large squares.
    let difference = sample - average
    average += difference / Double(count)
    squares += difference * (sample - average)
    isSettled = isGoodEnough(before: before)
  }

  private func isGoodEnough(before: Double) -> Bool {
    switch stop {
    case .relativeError(let bound): isWithin(bound * abs(value))
    case .absoluteError(let bound): isWithin(bound)
    case .settledMean(let bound): abs(value - before) / (before + 1e-6) < bound
    case .allSamples: false
    }
  }

  private func isWithin(_ bound: Double) -> Bool {
    guard count >= TraceStop.minimumSamples, let standardError else { return false }
    return standardError <= bound
  }

  func estimate(products: Int) -> TraceEstimate {
    TraceEstimate(
      value: value, standardError: standardError, samples: count, products: products,
      converged: isSettled || stop == .allSamples)
  }
}
