public import Torch

/// How large the elements of one tensor are.
struct Magnitude {
  /// Σ x²; infinite where the squares overflow, NaN where an element is.
  let squares: Double
  /// max |x|, 0 of no elements; NaN where an element is.
  let largest: Double

  private static let magnitudes = Operator.ours("magnitudes")
  private static let foreachNorm = Operator.must { () throws(TorchError) in
    try Operator("_foreach_norm", "Scalar")
  }

  /// Of each tensor, all read in one go; float32 on the CPU in one pass over the memory, and with sums in float64,
  /// so that the squares cannot overflow.
  ///
  /// - Parameter lanes: 0 for the processor's widest vectors; 4, 8 or 16 floats in tests.
  static func all(of tensors: [Tensor], lanes: Int = 0) -> [Magnitude] {
    guard !tensors.isEmpty else { return [] }
    let tensors = tensors.map { $0.detached() }
    guard tensors.allSatisfy({ $0.device == .cpu }) else { return byNorms(tensors) }
    let numbers = Operator.must { () throws(TorchError) in try magnitudes(tensors, lanes) }
      .scalars(of: Double.self)
    return tensors.indices.map { Magnitude(squares: numbers[2 * $0], largest: numbers[2 * $0 + 1]) }
  }

  private static func byNorms(_ tensors: [Tensor]) -> [Magnitude] {
    func norms(_ tensors: [Tensor], _ order: Double) -> [Double] {
      let norms = Operator.must { () throws(TorchError) in
        try foreachNorm.results(tensors, order)[0].tensors
      }
      return Tensor.stacking(norms.map { $0.converted(to: .float64) }).scalars(of: Double.self)
    }
    let full = tensors.filter { $0.count > 0 }
    guard !full.isEmpty else { return tensors.map { _ in Magnitude(squares: 0, largest: 0) } }
    var found = zip(norms(full, 2), norms(full, .infinity)).makeIterator()
    return tensors.map {
      guard $0.count > 0, let (norm, largest) = found.next() else {
        return Magnitude(squares: 0, largest: 0)
      }
      return Magnitude(squares: norm * norm, largest: largest)
    }
  }
}

extension NamedTensors {
  /// The first tensor that holds NaN or infinity, nil if all elements are numbers.
  ///
  /// All tensors are read in one pass over the memory.
  public var firstNotFinite: String? {
    withoutGradients {
      zip(names, Magnitude.all(of: tensors)).first { !$1.largest.isFinite }?.0
    }
  }

  /// The 2-norm of all elements of all tensors; not finite where an element is not.
  ///
  /// Where the squares overflow, which only those of other types than float32 can, it is taken once more in
  /// float64 and of numbers divided by the largest.
  var euclideanNorm: Double {
    let magnitudes = Magnitude.all(of: tensors)
    let quick = magnitudes.reduce(0) { $0 + $1.squares }.squareRoot()
    let largest =
      magnitudes.map(\.largest).first { !$0.isFinite } ?? magnitudes.map(\.largest).max()
    guard !quick.isFinite, let largest, largest.isFinite else { return quick }
    let scaled = Magnitude.all(of: tensors.map { $0.detached().converted(to: .float64) / largest })
    return largest * scaled.reduce(0) { $0 + $1.squares }.squareRoot()
  }
}
