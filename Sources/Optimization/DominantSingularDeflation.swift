public import Torch

/// Removes the leading term of each gradient's singular value decomposition: G ← G − σ₁u₁v₁ᵀ.
///
/// A gradient with two or more dimensions is read as a matrix of its first dimension by all others; a
/// convolution's `[out, in, h, w]` as `out × (in·h·w)`. The result has the gradient's shape, type and memory
/// order. This is the Frobenius projection of G onto the orthogonal complement of u₁v₁ᵀ, since
/// ⟨G, u₁v₁ᵀ⟩ = σ₁. (DSD, OpenReview EIYltBaUzL; arXiv 2505.11134v1.)
///
/// What is passed unchanged, and counted in ``report``:
/// - vectors and scalars (biases, batch-norm scales);
/// - ‖G‖_F below ``minimumNorm``, 10⁻⁸ as in the release;
/// - matrices with one row or one column. Such a G *is* its leading term: the released code sets it to zero, in
///   every step, for ever, and the parameter only feels weight decay (in the official NF-ResNet, each
///   convolution's gain `[out, 1, 1, 1]`). ``SingleVectorRule/asReleased`` does that;
/// - gradients with NaN or infinity, which have no decomposition: what to do about them is the caller's matter;
/// - gradients for which LAPACK fails, in float64 too.
///
/// Place in the chain: first. Deflation is not linear, so in data-parallel training it must see the averaged
/// gradient (deflating each worker's and averaging is another method), and weight decay and momentum come
/// after it, undeflated, as in the release. It is homogeneous, D(cG) = c D(G), so a loss scale passes through
/// it; only the guard is not scaled.
public struct DominantSingularDeflation: GradientTransform {
  /// What happens to a matrix with one row or one column.
  public enum SingleVectorRule: Sendable { case unchanged, asReleased }

  public enum Solver: Sendable {
    /// ``GramLanczos``: proves its bounds or falls back to the full decomposition.
    case fast
    /// ``FullDecomposition``.
    case svd
    case custom(any LeadingTripleSolver)
  }

  public var name: String { "deflation" }
  public let solver: any LeadingTripleSolver
  public let singleVectors: SingleVectorRule
  /// Gradients of a smaller Frobenius norm pass unchanged.
  public let minimumNorm: Double
  /// Whether the report's σ₂ must be exact, which costs a full eigendecomposition.
  public let spectrum: Bool
  /// What the last `apply` did.
  public private(set) var report = DeflationReport()
  private var starts = NamedTensors()

  public init(
    solver: Solver = .fast, singleVectors: SingleVectorRule = .unchanged,
    minimumNorm: Double = 1e-8, spectrum: Bool = false
  ) {
    self.solver =
      switch solver {
      case .fast: GramLanczos()
      case .svd: FullDecomposition()
      case .custom(let solver): solver
      }
    self.singleVectors = singleVectors
    self.minimumNorm = minimumNorm
    self.spectrum = spectrum
  }

  public mutating func apply(
    to gradients: inout NamedTensors, at parameters: NamedTensors, step: Int
  ) {
    withoutGradients {
      let matrices = gradients.filter { gradients[$0]!.rank >= 2 && gradients[$0]!.count > 0 }
      var findings = find(in: matrices.map { $0.detached() }).makeIterator()
      report = DeflationReport()
      for (name, gradient) in gradients {
        guard gradient.rank >= 2, gradient.count > 0 else {
          report.add(name, .notAMatrix)
          continue
        }
        let result = remove(findings.next()!, from: gradient.detached())
        if let deflated = result.deflated { gradients[name] = deflated }
        if let triple = result.triple { starts[name] = triple.warmStart }
        report.add(name, result.outcome, result.triple)
      }
    }
  }

  /// The leading terms of all matrices, in their order.
  ///
  /// The fast solver takes many short steps, which threads that sleep in between do not speed up: each thread takes a
  /// matrix instead, the largest first.
  private func find(in matrices: NamedTensors) -> [Finding] {
    let (names, tensors) = (matrices.names, matrices.tensors)
    let magnitudes = Magnitude.all(of: tensors)
    let found = { @Sendable [self, starts] (index: Int) in
      find(in: tensors[index], magnitude: magnitudes[index], start: starts[names[index]])
    }
    guard solver is GramLanczos, tensors.allSatisfy({ $0.device == .cpu }) else {
      return tensors.indices.map(found)
    }
    let order = tensors.indices.sorted { (tensors[$0].count, $1) > (tensors[$1].count, $0) }
    let inOrder = Engine.map(count: order.count) { found(order[$0]) }
    var findings = inOrder
    for (place, index) in order.enumerated() { findings[index] = inOrder[place] }
    return findings
  }

  /// Near which the next step's search starts: a right unit vector for each matrix whose leading term dominates.
  public var state: NamedTensors {
    get { starts.map { $0.copied() } }
    set { starts = newValue.map { $0.detached().copied() } }
  }

  public var description: String {
    var parts: [String] = []
    if !(solver is GramLanczos) { parts.append("solver: \(type(of: solver))") }
    if singleVectors == .asReleased { parts.append("single vectors as released") }
    return "DominantSingularDeflation" + (parts.isEmpty ? "" : "(\(parts.joined(separator: ", ")))")
  }
}
