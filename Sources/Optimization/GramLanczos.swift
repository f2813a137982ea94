public import Torch

/// The fast solver: Lanczos on K = GGᵀ (K = GᵀG where G is taller than wide) without forming K.
///
/// Write λᵢ = σᵢ² for K's eigenvalues, û for the unit vector found, θ = ûᵀKû = σ² ≤ λ₁ for its Ritz value and
/// ρ = ‖Kû − θû‖ for its residual. What is removed is ûûᵀG, so that D = (I − ûûᵀ)G and E = ‖D‖_F² = ‖G‖_F² − θ.
///
/// **What a good û gives.**
/// - (a) *Ky Fan*: for every unit x ⟂ û, θ + xᵀKx ≤ λ₁ + λ₂. The largest xᵀKx is ‖D‖₂², hence
///   ‖D‖₂² ≤ σ₂² + (λ₁ − θ).
/// - (b) *Kato–Temple*: if λ₂ ≤ θ − g then λ₁ − θ ≤ ρ²/g.
/// - (c) *Davis–Kahan*: then sin∠(û, u₁) ≤ ρ/g. And D differs from the exact D₁ by (u₁u₁ᵀ − ûûᵀ)G, sin∠ times a
///   reflection of the plane of u₁ and û, so ‖D − D₁‖_F ≤ (ρ/g) √(λ₁ + λ₂).
///
/// **Stopping rule.** Stop when C and R hold:
/// - C: λ₁ ≤ (1 + τ)θ with τ = 0.0018. Proved by what the Lanczos run knows: an eigenvalue λ ≥ (1 + τ)θ would have
///   |⟨b, x⟩| ≤ δ with the start vector b, where δ² = 1/Σ pⱼ((1 + τ)θ)² (``LanczosTridiagonal``). But b has a
///   Gaussian component, so that this has a probability of at most 10⁻⁶ (`unluckiness`), whatever G is.
///   (Hochstenbach, *Probabilistic upper bounds for the matrix two-norm*, 2013.)
/// - R: ρ ≤ 10⁻⁶ √(θE), or a *near tie*: the second Ritz value is at least θ/1.018.
///
/// **Why that suffices.** If λ₁ < 1.0201 λ₂ (σ₁/σ₂ < 1.01), then (a) and C give
/// ‖D‖₂² ≤ λ₂ + 0.0018 · 1.0201 λ₂ < 1.001² λ₂, and nothing else is claimed; a near tie proves this case, since
/// λ₁/λ₂ ≤ 1.0018 · 1.018 < 1.0201. Else λ₂ ≤ 1.0018 θ/1.0201, so g = 0.0179 θ in (b) and (c). With R,
/// ‖D − D₁‖_F ≤ (10⁻⁶ √(θE) / 0.0179 θ) √(1.984 θ) ≤ 0.8·10⁻⁴ √E, and by (b) λ₁ − θ ≤ 6·10⁻¹¹ E, far below
/// 0.002 λ₂ as λ₂ ≥ ‖D₁‖_F²/rank. So ‖D‖₂ ≤ 1.001 σ₂ always, ‖D − D₁‖_F ≤ 10⁻⁴ ‖D₁‖_F where σ₁/σ₂ ≥ 1.01.
///
/// **Dominant term.** If E ≤ θ/2, no other eigenvalue can exceed E: g = θ − E ≥ θ/2 is certain, C comes from (b)
/// without probability, and R may be 3·10⁻⁵ √(θE). Here, and only here, a warm start saves steps: elsewhere the
/// steps are spent on proving C, after the vector has converged, and its smaller Gaussian part needs more of them: so
/// none is kept.
///
/// Rounding: two products for Kq perturb K by a few roundings times σ₁‖G‖_F, as forming K would. Relative to
/// λ₁ − λ₂ that is what Golub–Kahan's perturbation of G is relative to σ₁ − σ₂, so nothing is lost by the square.
/// R never asks for less than 8 roundings of √θ‖G‖_F, which exceeds R as stated only where the term dominates;
/// ρ is measured once more on the vector that is used.
///
/// **Otherwise** (after `maximumSteps`, as for the flat spectrum of pure noise) all of K is decomposed, and if
/// that fails too, G; both count as a fallback. Small sides up to `directSide`, and long thin matrices, start
/// there: it is faster.
public struct GramLanczos: LeadingTripleSolver {
  /// Of the random part of the start vector, the same for every matrix of one size.
  public let seed: UInt64
  public let maximumSteps: Int
  /// Up to this extent of the smaller side, K is formed and decomposed at once.
  public let directSide: Int
  /// Whether float32 matrices on the CPU are passed over by ``FusedMatrix``.
  let isFused: Bool
  /// So it is where the longer side is as many times the smaller one: forming K takes fewer passes over such a
  /// matrix than the iteration.
  static let directAspect = 100

  /// The share of Gaussian noise in a warm start. Without it the search could stay at a vector that was the
  /// leading one in the last step and is an exact singular vector, but not the leading one, now.
  static let noise = 0.1
  /// The probability that a start vector is too unlucky for the bound C.
  static let unluckiness = 1e-6

  public init(seed: UInt64 = 0, maximumSteps: Int = 80, directSide: Int = 64) {
    self.init(seed: seed, maximumSteps: maximumSteps, directSide: directSide, isFused: true)
  }

  init(seed: UInt64 = 0, maximumSteps: Int = 80, directSide: Int = 64, isFused: Bool) {
    precondition(maximumSteps >= 2, "GramLanczos: expected 2 steps or more, got \(maximumSteps)")
    self.seed = seed
    self.maximumSteps = maximumSteps
    self.directSide = directSide
    self.isFused = isFused
  }

  public func leadingTriple(
    of matrix: Tensor, norm: Double, start: Tensor?, spectrum: Bool
  ) throws(TorchError) -> LeadingTriple {
    let gram = GramOperator(matrix, norm: norm, fused: isFused ? FusedMatrix(matrix) : nil)
    let direct = gram.side <= max(directSide, gram.longerSide / Self.directAspect)
    if !direct, let found = try iterate(gram, start: start, spectrum: spectrum) { return found }
    if let found = gram.decomposed(fellBack: !direct) { return found }
    var found = try FullDecomposition().leadingTriple(
      of: matrix, norm: norm, start: start, spectrum: spectrum)
    found.fellBack = true
    return found
  }

  /// The triple, or nil when the stopping rule was not met.
  private func iterate(_ gram: GramOperator, start: Tensor?, spectrum: Bool)
    throws(TorchError) -> LeadingTriple?
  {
    let (vector, floor) = startVector(for: gram, near: start)
    var run = gram.lanczos(from: vector, capacity: min(maximumSteps, gram.side))
    while !run.isComplete {
      // Reading the numbers costs about as much as a step on a small matrix.
      run.advance(by: run.steps == 0 ? (start == nil ? 4 : 3) : run.steps < 16 ? 2 : 4)
      let known = run.tridiagonal()
      let (θ, y, ρ) = try known.ritzPairs()
      let rest = max(0, gram.energy - θ.0)
      let dominant = rest <= θ.0 / 2
      let rounding = 8 * gram.unitRoundoff * (θ.0 * gram.energy).squareRoot()
      let tolerance = max((dominant ? 3e-5 : 1e-6) * (θ.0 * rest).squareRoot(), rounding)
      let isNearTie = θ.1 * 1.018 >= θ.0
      guard ρ.0 <= tolerance / 2 || isNearTie else { continue }
      guard dominant || known.christoffelSum(at: 1.0018 * θ.0) * floor * floor >= 1 else {
        continue
      }
      guard !spectrum || ρ.1 <= max(1e-2 * θ.1, rounding) else { continue }
      let triple = gram.triple(
        unit: run.combination(y), second: θ.1.squareRoot(), iterations: known.steps,
        fellBack: false)
      return triple.residual * θ.0 <= tolerance || isNearTie ? triple : nil
    }
    return nil
  }

  /// A unit vector with a Gaussian component, and what |⟨it, x⟩| exceeds for any given unit x with probability
  /// 1 − `unluckiness`: the density of a Gaussian of variance 1/n is at most √(n/2π).
  private func startVector(for gram: GramOperator, near start: Tensor?) -> (Tensor, Double) {
    let n = Double(gram.side)
    let gaussian =
      Tensor.normal([gram.side], dtype: gram.dtype, using: Generator(seed: seed))
      .moved(to: gram.device) * (1 / n.squareRoot())
    let floor = Self.unluckiness * (Double.pi / (2 * n)).squareRoot()
    guard let start, let near = gram.projectedStart(start) else {
      let length = gaussian.norm().item()
      return (gaussian / length, floor / length)
    }
    let mixed = near.adding(gaussian, scale: Self.noise)
    let length = mixed.norm().item()
    return (mixed / length, floor * Self.noise / length)
  }
}
