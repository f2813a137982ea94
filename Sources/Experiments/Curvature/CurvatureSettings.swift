import Curvature

/// What is measured of a network's curvature, and how.
public struct CurvatureSettings: Codable, Sendable, Equatable {
  /// In their order.
  public var inferences = InferenceKind.allCases
  /// Of the attacks, L∞, in pixel units.
  public var epsilon = 8.0 / 255
  /// Of PGD, in pixel units; it starts at a random point.
  public var stepSize = 0.01
  /// Of PGD.
  public var steps = 7
  /// Inference batches, each of ``batchSize`` images.
  public var batches = 4
  public var batchSize = 128
  /// One curvature, of the mean loss over all batches, instead of one for each.
  public var isWhole = false
  public var loss = MeasuredLoss.meanLogits
  public var product = ProductChoice.auto
  public var precision = CurvaturePrecision.float32
  /// k
  public var count = 5
  public var order = SpectrumOrder.magnitude
  public var solver = SpectrumSolver.lanczos
  /// Lanczos: of residuals, relative to the largest |μ|. Power iteration: of the value's change.
  public var tolerance = 1e-3
  /// For the eigenvalues of one batch; nil for 200, and 100 for each eigenvalue by power iteration.
  public var maximumProducts: Int?
  /// Of the first batch (or the whole) of each inference.
  public var density: DensitySettings? = DensitySettings()
  /// Most products for the trace of the first batch (or the whole) of each inference; nil for no trace.
  public var traceProducts: Int? = 30
  public var seed: UInt64 = 0

  public init() {}

  /// Of the stochastic Lanczos quadrature.
  public struct DensitySettings: Codable, Sendable, Equatable {
    /// Products of each run.
    public var steps: Int
    /// Runs, each from a random vector.
    public var vectors: Int

    public init(steps: Int = 30, vectors: Int = 2) {
      self.steps = steps
      self.vectors = vectors
    }
  }

  /// Products for the eigenvalues of one batch, at most.
  public var mostProducts: Int {
    maximumProducts ?? (solver == .lanczos ? 200 : 100 * count)
  }

  /// Matrices of all inferences.
  var curvatures: Int { inferences.count * (isWhole ? 1 : batches) }

  /// Of anything that is counted: more is a slip.
  static let most = 1_000_000

  /// - Throws: ``UsageError`` for numbers that make no sense.
  public func check() throws(UsageError) {
    var counts = [
      ("--batches", 1, batches), ("--batch-size", 1, batchSize), ("--count", 1, count),
      ("--steps", 1, steps),
    ]
    if let maximumProducts { counts.append(("--max-products", 1, maximumProducts)) }
    if let density {
      counts += [
        ("--density-steps", 2, density.steps), ("--density-vectors", 1, density.vectors),
      ]
    }
    // Below, the sketch of Hutch++ would have a column only.
    if let traceProducts { counts.append(("--trace-products", 6, traceProducts)) }
    for (option, least, value) in counts where !(least...Self.most).contains(value) {
      throw UsageError("\(option): expected \(least) to \(Self.most), found \(value)")
    }
    guard !inferences.isEmpty else {
      throw UsageError("--inference: expected clean, fgsm or pgd, found none; name one or more")
    }
    guard epsilon > 0, epsilon <= 1 else {
      throw UsageError(
        "--epsilon: expected above 0, at most 1, found \(epsilon); with --inference clean nothing is "
          + "attacked")
    }
    guard stepSize > 0, stepSize <= 1 else {
      throw UsageError("--step-size: expected above 0, at most 1, found \(stepSize); 0.01 is usual")
    }
    guard tolerance > 0, tolerance < 1 else {
      throw UsageError("--tolerance: expected above 0, below 1, found \(tolerance); 0.001 is usual")
    }
    guard mostProducts >= count else {
      throw UsageError(
        "--max-products: expected at least \(count), one for each eigenvalue, found \(mostProducts)"
      )
    }
    guard order == .magnitude || solver == .lanczos else {
      throw UsageError(
        "--solver power-iteration finds the largest magnitudes only; leave --order out, or take "
          + "--solver lanczos")
    }
  }
}
