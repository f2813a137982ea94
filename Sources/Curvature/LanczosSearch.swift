import Torch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// When the recurrence has found what is wanted, when it restarts, and when it looks for more.
struct LanczosSearch<Matrix: LinearOperator> {
  private let options: Lanczos
  private let matrix: Matrix
  private var recurrence: LanczosRecurrence<Matrix>
  /// Ranked.
  private var pairs: [RitzPair] = []
  /// max |θ| of all that were met: a restart may drop it.
  private var largest = 0.0
  /// The wanted values when the sequence before this one ended.
  private var known: [Double]?
  /// Whether one more sequence must bring nothing new.
  private var looksFurther: Bool
  private var sequences = 1

  init(_ matrix: Matrix, _ options: Lanczos) {
    self.matrix = matrix
    self.options = options
    looksFurther = options.findsRepeated
    recurrence = LanczosRecurrence(
      matrix, capacity: min(options.basisSize, matrix.dimension), seed: options.seed)
  }

  mutating func run() throws(CurvatureError) -> TopEigenvalues {
    recurrence.beginSequence()
    while true {
      try recurrence.advance()
      let isLast = recurrence.isComplete || recurrence.products >= options.maximumProducts
      guard isLast || recurrence.isExhausted || recurrence.basis.isFull || isDue else { continue }
      try rank()
      looksFurther = looksFurther || recurrence.isExhausted
      if isLast { return try result(repeats: recurrence.isComplete ? .searched : interrupted) }
      if areAccepted || recurrence.isExhausted {
        if areAccepted, bringsNothingNew { return try result(repeats: .searched) }
        if areAccepted, !looksFurther {
          return try result(repeats: .notSearched)
        }
        beginAnotherSequence()
      } else if recurrence.basis.isFull {
        recurrence.restart(keeping: pairs.prefix(keptCount))
      }
    }
  }

  /// Large bases are looked at every few steps: their decomposition costs more than a product
  /// saves.
  private var isDue: Bool {
    recurrence.basis.count % max(1, recurrence.basis.count / 32) == 0
  }

  private mutating func rank() throws(CurvatureError) {
    do {
      pairs = try recurrence.projected.ritzPairs().sorted {
        options.order.ranks($0.value, before: $1.value)
      }
    } catch { throw .engine(error) }
    largest = pairs.reduce(largest) { max($0, abs($1.value)) }
  }

  private var limit: Double { options.tolerance * largest }

  private var areAccepted: Bool {
    // What a sequence leaves unfinished stays in the residuals: each spends half of the tolerance
    // that is left.
    let share = looksFurther ? 1 - pow(0.5, Double(sequences)) : 1
    return pairs.count >= options.count
      && pairs.prefix(options.count).allSatisfy { recurrence.residual($0) <= share * limit }
      && (known == nil || isSequenceAccepted)
  }

  /// Whether the best pair of a further sequence, which comes after the wanted ones, is good
  /// enough.
  ///
  /// Against max |θ| alone any random vector would do in a large space: it hardly meets the few
  /// directions that matter. So the residual must be small for the sequence's own values too, or of
  /// rounding.
  private var isSequenceAccepted: Bool {
    guard pairs.count > options.count else { return recurrence.isComplete }
    let own = pairs.dropFirst(options.count).reduce(0) { max($0, abs($1.value)) }
    let residual = recurrence.residual(pairs[options.count])
    return residual <= max(min(limit, own / 10), recurrence.noise)
  }

  private var bringsNothingNew: Bool {
    guard let known else { return false }
    return zip(known, pairs).allSatisfy { abs($0 - $1.value) <= limit }
  }

  private var interrupted: RepeatSearch {
    looksFurther ? .interrupted : .notSearched
  }

  private mutating func beginAnotherSequence() {
    if pairs.count >= options.count {
      known = pairs.prefix(options.count).map(\.value)
      // The others would stand where the new sequence's best pair is looked for.
      recurrence.restart(keeping: pairs.prefix(options.count))
      sequences += 1
    }
    recurrence.beginSequence()
  }

  /// Ritz vectors that survive a restart: the wanted ones and half of the others.
  private var keptCount: Int {
    options.count + max(1, (recurrence.basis.capacity - options.count) / 2)
  }

  private mutating func result(repeats: RepeatSearch) throws(CurvatureError) -> TopEigenvalues {
    let wanted = pairs.prefix(options.count)
    var products = recurrence.products
    var eigenvalues: [Eigenvalue] = []
    var vectors: [Tensor] = []
    let sums = recurrence.basis.combinations(wanted.map(\.coefficients))
    for (row, pair) in wanted.enumerated() {
      let vector = sums[row]
      vector.multiplyInPlace(by: 1 / length(vector))
      var residual = recurrence.residual(pair)
      if options.verifiesResiduals {
        residual = length(try matrix.product(with: vector) - vector * pair.value)
        products += 1
      }
      vectors.append(vector)
      eigenvalues.append(
        Eigenvalue(
          value: pair.value, residual: residual, iterations: recurrence.products,
          converged: residual <= limit))
    }
    return TopEigenvalues(
      eigenvalues: eigenvalues, vectors: vectors, products: products, repeats: repeats,
      asymmetry: largest > 0 ? recurrence.projected.asymmetry / largest : 0,
      basisVectors: recurrence.basis.largestCount)
  }
}
