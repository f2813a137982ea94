extension Tensor {
  private enum Op {
    static let sum = Operator(known: "sum")
    static let sumDims = Operator(known: "sum", "dim_IntList")
    static let mean = Operator(known: "mean")
    static let meanDims = Operator(known: "mean", "dim")
    static let max = Operator(known: "max")
    static let min = Operator(known: "min")
    static let amax = Operator(known: "amax")
    static let amin = Operator(known: "amin")
    static let argmax = Operator(known: "argmax")
    static let all = Operator(known: "all")
    static let any = Operator(known: "any")
    static let variance = Operator(known: "var", "correction")
    static let norm = Operator(known: "linalg_vector_norm")
    static let topk = Operator(known: "topk")
    static let sort = Operator(known: "sort")
    static let cumulativeSum = Operator(known: "cumsum")
    static let equal = Operator(known: "equal")
  }

  public func sum() -> Tensor { must { () throws(TorchError) in try Op.sum(self) } }
  public func sum(along dimensions: [Int], keeping: Bool = false) -> Tensor {
    must { () throws(TorchError) in try Op.sumDims(self, dimensions, keeping) }
  }
  public func mean() -> Tensor { must { () throws(TorchError) in try Op.mean(self) } }
  public func mean(along dimensions: [Int], keeping: Bool = false) -> Tensor {
    must { () throws(TorchError) in try Op.meanDims(self, dimensions, keeping) }
  }
  public func max() -> Tensor { must { () throws(TorchError) in try Op.max(self) } }
  public func min() -> Tensor { must { () throws(TorchError) in try Op.min(self) } }
  public func max(along dimensions: [Int], keeping: Bool = false) -> Tensor {
    must { () throws(TorchError) in try Op.amax(self, dimensions, keeping) }
  }
  public func min(along dimensions: [Int], keeping: Bool = false) -> Tensor {
    must { () throws(TorchError) in try Op.amin(self, dimensions, keeping) }
  }
  /// The index of the largest element along a dimension; the first one among equals.
  public func argmax(along dimension: Int) -> Tensor {
    must { () throws(TorchError) in try Op.argmax(self, dimension) }
  }
  /// Whether every element is true, as a Swift value.
  public func allTrue() -> Bool { must { () throws(TorchError) in try Op.all(self) }.item() != 0 }
  /// Whether some element is true, as a Swift value.
  public func anyTrue() -> Bool { must { () throws(TorchError) in try Op.any(self) }.item() != 0 }
  /// Variance with divisor n − `correction`.
  public func variance(along dimensions: [Int], correction: Int = 1, keeping: Bool = false)
    -> Tensor
  { must { () throws(TorchError) in try Op.variance(self, dimensions, correction, keeping) } }

  /// The p-norm of all elements (2 by default; `.infinity` is the largest magnitude).
  public func norm(_ order: Double = 2) -> Tensor {
    must { () throws(TorchError) in try Op.norm(self, order) }
  }
  public func norm(_ order: Double = 2, along dimensions: [Int], keeping: Bool = false) -> Tensor {
    must { () throws(TorchError) in try Op.norm(self, order, dimensions, keeping) }
  }

  /// The `k` largest elements along the last dimension, and where they are.
  public func largest(_ k: Int) -> (values: Tensor, indices: Tensor) {
    let results = must { () throws(TorchError) in try Op.topk.results(self, k) }
    return (results[0].tensor, results[1].tensor)
  }

  /// The elements along a dimension in growing order, and where they were.
  public func sorted(along dimension: Int) -> (values: Tensor, indices: Tensor) {
    let results = must { () throws(TorchError) in try Op.sort.results(self, dimension) }
    return (results[0].tensor, results[1].tensor)
  }
  /// `out[k] = self[0] + … + self[k]` along a dimension.
  public func cumulativeSum(along dimension: Int) -> Tensor {
    must { () throws(TorchError) in try Op.cumulativeSum(self, dimension) }
  }

  /// Whether shape and all elements are equal; NaN differs from itself.
  public func isIdentical(to other: Tensor) -> Bool {
    guard shape == other.shape, dtype == other.dtype else { return false }
    let results = must { () throws(TorchError) in try Op.equal.results(self, other) }
    guard case .bool(let same) = results[0] else { return false }
    return same
  }
}
