import Torch

/// What a Krylov basis Q makes of a matrix: HQ = QG + q·bᵀ + R, with the small G = QᵀHQ, the next
/// direction q, and what was given up, R.
///
/// G is measured, not taken to be tridiagonal: full reorthogonalisation computes every entry
/// anyhow. So a restarted basis needs no rule of its own, and G − Gᵀ shows whether H is symmetric,
/// at no cost.
struct ProjectedMatrix {
  /// G, column by column.
  private(set) var columns: [[Double]] = []
  /// b: how much of Hqⱼ lies along the direction that comes next.
  private(set) var outward: [Double] = []
  /// The b of every direction that was left for a fresh random one. R = Σ dₑaₑᵀ of unit vectors dₑ,
  /// so ‖Ry‖ ≤ Σ|aₑᵀy|, and the bound does not grow when the basis is rotated.
  private(set) var abandoned: [[Double]] = []
  /// The largest |Gᵢⱼ − Gⱼᵢ| that was met, less what abandoned directions may have had to do with
  /// it.
  private(set) var asymmetry = 0.0
  /// Σ ‖(I − YYᵀ)GY‖ over changes of basis, what G itself lost by them: rounding alone where H is
  /// symmetric.
  private(set) var drift = 0.0

  var count: Int { columns.count }

  /// Adds a vector to the basis.
  ///
  /// - Parameters:
  ///   - coefficients: of its product along all vectors, itself the last.
  ///   - remainder: length of what of its product is outside of them.
  ///   - continues: whether it is the direction that came next, or a fresh one.
  mutating func extend(_ coefficients: [Double], remainder: Double, continues: Bool) {
    if !continues, outward.contains(where: { $0 != 0 }) { abandoned.append(outward) }
    for index in columns.indices {
      var entry = continues ? outward[index] : 0
      // What Hqᵢ has along directions that were given up may lie along the new one: as much as
      // symmetry asks for.
      let given = abandoned.reduce(0) { $0 + abs($1[index]) }
      let difference = coefficients[index] - entry
      entry += min(max(difference, -given), given)
      asymmetry = max(asymmetry, abs(coefficients[index] - entry))
      columns[index].append(entry)
      outward[index] = 0
    }
    columns.append(coefficients)
    outward.append(remainder)
    for index in abandoned.indices { abandoned[index].append(0) }
  }

  /// The same of a basis of combinations of these vectors.
  mutating func replace(byCombinations combinations: [[Double]]) {
    let images = combinations.map(image)
    let kept = images.map { image in combinations.map { dot($0, image) } }
    var lost = 0.0
    for (image, parts) in zip(images, kept) {
      var rest = image
      for (combination, part) in zip(combinations, parts) {
        for row in rest.indices { rest[row] -= part * combination[row] }
      }
      lost += dot(rest, rest)
    }
    drift += lost.squareRoot()
    columns = kept
    outward = combinations.map { dot($0, outward) }
    abandoned = abandoned.map { given in combinations.map { dot($0, given) } }
  }

  /// Eigenpairs of (G + Gᵀ)/2, in no order.
  ///
  /// - Throws: ``TorchError`` where LAPACK fails.
  func ritzPairs() throws(TorchError) -> [RitzPair] {
    let size = count
    var entries = [Double](repeating: 0, count: size * size)
    for column in 0..<size {
      for row in 0..<size {
        entries[row * size + column] = (columns[column][row] + columns[row][column]) / 2
      }
    }
    let (values, vectors) = try Tensor(entries, shape: [size, size]).symmetricEigenDecomposition()
    let flat = vectors.transposed().contiguous().scalars(of: Double.self)
    return values.scalars(of: Double.self).enumerated().map { index, value in
      RitzPair(value: value, coefficients: Array(flat[index * size..<(index + 1) * size]))
    }
  }

  /// ‖Hx − θx‖ of x = Qy, but for rounding: ‖Gy − θy‖ inside of the basis, |bᵀy| along the next
  /// direction, at most Σ|aₑᵀy| along those given up, and the drift.
  func residual(_ pair: RitzPair) -> Double {
    let y = pair.coefficients
    var squares = 0.0
    for (image, component) in zip(image(of: y), y) {
      let difference = image - pair.value * component
      squares += difference * difference
    }
    let along = dot(outward, y)
    return (squares + along * along).squareRoot() + drift
      + abandoned.reduce(0) { $0 + abs(dot($1, y)) }
  }

  /// Gy
  private func image(of coefficients: [Double]) -> [Double] {
    var sum = [Double](repeating: 0, count: count)
    for (column, weight) in zip(columns, coefficients) {
      for row in sum.indices { sum[row] += weight * column[row] }
    }
    return sum
  }
}

/// θ and the vector's coefficients in the basis.
struct RitzPair {
  let value: Double
  let coefficients: [Double]
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for index in a.indices { sum += a[index] * b[index] }
  return sum
}
