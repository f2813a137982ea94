/// The top eigenvalues of a symmetric matrix by the Lanczos method, with full reorthogonalisation
/// and thick restart.
///
/// A pair (θ, x) is accepted at ‖Hx − θx‖ ≤ tolerance · max |θ|; the search ends when all are, or
/// after `maximumProducts`, and then those that are not say so. Residuals come from the recurrence
/// and cost nothing; `verifiesResiduals` measures them by one product more for each pair.
///
/// **Memory.** `basisSize` + 4 vectors `[n]`, and one for each pair of the result. A full basis is
/// replaced by the Ritz vectors nearest to what is wanted (thick restart), which costs products,
/// and no accuracy. A smaller basis costs more products, most of all inside of a dense bulk or at a
/// tolerance that has to tell its values apart.
///
/// **Repeated eigenvalues.** One random start sees one vector of every eigenspace, so an eigenvalue
/// that is there twice shows once, as for every Krylov method with one start: the default does not
/// tell {5, 5, 1} from {5, 1}. `findsRepeated` goes on, when all wanted pairs are accepted, from a
/// fresh random vector orthogonal to them, until the best new pair is accepted too; if it belongs
/// among the wanted ones, again. Each of these searches costs up to as many products as the first
/// one. A sequence that ends by itself (few distinct eigenvalues: low rank, a multiple of the
/// identity) is always followed by another, because that costs next to nothing.
/// ``TopEigenvalues/repeats`` says what was done.
///
/// **What it cannot know.** A residual proves that there is an eigenvalue near θ, not that none was
/// passed over. A random start misses one with small probability (Kuczyński and Woźniakowski 1992),
/// and sees gaps below the tolerance as one.
///
/// Sources: Paige 1972; Wu and Simon, "Thick-restart Lanczos method for large symmetric eigenvalue
/// problems", SIAM J. Matrix Anal. Appl. 22, 2000; Parlett, "The Symmetric Eigenvalue Problem",
/// chapters 4 and 13.
public struct Lanczos: Sendable {
  /// k
  public var count: Int
  public var order: SpectrumOrder
  /// Of residuals, relative to the largest |θ|. Below some 1e-6 in float32 rounding decides.
  public var tolerance: Double
  /// At most, but for those that verify residuals.
  public var maximumProducts: Int
  /// Basis vectors at most; never more than n.
  public var basisSize: Int
  /// Whether further random starts look for copies of eigenvalues.
  public var findsRepeated: Bool
  /// Whether residuals are measured, by k more products.
  public var verifiesResiduals: Bool
  /// Of the random starts.
  public var seed: UInt64

  /// - Parameter basisSize: where nil, 2k + 10.
  /// - Precondition: at least k products, and a basis of at least k + 3 vectors.
  public init(
    count: Int = 5, order: SpectrumOrder = .magnitude, tolerance: Double = 1e-3,
    maximumProducts: Int = 200, basisSize: Int? = nil, findsRepeated: Bool = false,
    verifiesResiduals: Bool = false, seed: UInt64 = 0
  ) {
    self.count = count
    self.order = order
    self.tolerance = tolerance
    self.maximumProducts = maximumProducts
    self.basisSize = basisSize ?? 2 * count + 10
    self.findsRepeated = findsRepeated
    self.verifiesResiduals = verifiesResiduals
    self.seed = seed
  }

  /// - Throws: ``CurvatureError`` where more are asked for than the matrix has, or a product fails.
  public func callAsFunction(_ matrix: some LinearOperator) throws(CurvatureError) -> TopEigenvalues
  {
    guard count >= 1, count <= matrix.dimension else {
      throw .tooMany("eigenvalues", asked: count, dimension: matrix.dimension)
    }
    precondition(
      maximumProducts >= count,
      "Lanczos: expected \(count) products or more, got \(maximumProducts)")
    precondition(
      basisSize >= count + 3, "Lanczos: expected a basis of \(count + 3) or more, got \(basisSize)")
    var search = LanczosSearch(matrix, self)
    return try search.run()
  }
}
