extension Tensor {
  private enum Op {
    static let reshape = Operator(known: "reshape")
    static let flatten = Operator(known: "flatten", "using_ints")
    static let permute = Operator(known: "permute")
    static let transpose = Operator(known: "transpose", "int")
    static let unsqueeze = Operator(known: "unsqueeze")
    static let squeeze = Operator(known: "squeeze", "dim")
    static let expand = Operator(known: "expand")
    static let repeated = Operator(known: "repeat")
    static let select = Operator(known: "select", "int")
    static let slice = Operator(known: "slice", "Tensor")
    static let indexSelect = Operator(known: "index_select")
    static let gather = Operator(known: "gather")
    static let nonzero = Operator(known: "nonzero")
    static let indexCopy = Operator(known: "index_copy")
    static let cat = Operator(known: "cat")
    static let stack = Operator(known: "stack")
    static let flip = Operator(known: "flip")
    static let pad = Operator(known: "constant_pad_nd")
  }

  /// Another shape over the same elements in row-major order; one extent may be −1.
  public func reshaped(_ shape: [Int]) -> Tensor {
    must { () throws(TorchError) in try Op.reshape(self, shape) }
  }
  /// Dimensions `from ... to` become one.
  public func flattened(from: Int = 0, to: Int = -1) -> Tensor {
    must { () throws(TorchError) in try Op.flatten(self, from, to) }
  }
  public func permuted(_ dimensions: [Int]) -> Tensor {
    must { () throws(TorchError) in try Op.permute(self, dimensions) }
  }
  public func transposed(_ a: Int = -2, _ b: Int = -1) -> Tensor {
    must { () throws(TorchError) in try Op.transpose(self, a, b) }
  }
  /// Inserts a dimension of extent 1.
  public func unsqueezed(_ dimension: Int) -> Tensor {
    must { () throws(TorchError) in try Op.unsqueeze(self, dimension) }
  }
  /// Removes a dimension of extent 1.
  public func squeezed(_ dimension: Int) -> Tensor {
    must { () throws(TorchError) in try Op.squeeze(self, dimension) }
  }
  /// A view in which dimensions of extent 1 are repeated without a copy; −1 keeps an extent.
  public func expanded(to shape: [Int]) -> Tensor {
    must { () throws(TorchError) in try Op.expand(self, shape) }
  }
  /// Copies of this tensor laid side by side, as many as `times` says for each dimension.
  public func tiled(_ times: [Int]) -> Tensor {
    must { () throws(TorchError) in try Op.repeated(self, times) }
  }

  /// One index of the first dimension, which disappears.
  public subscript(index: Int) -> Tensor { selecting(index, along: 0) }
  /// A range of the first dimension.
  public subscript(range: Range<Int>) -> Tensor { slicing(range, along: 0) }

  public func selecting(_ index: Int, along dimension: Int) -> Tensor {
    must { () throws(TorchError) in try Op.select(self, dimension, index) }
  }
  /// A range of one dimension (a view).
  ///
  /// - Precondition: the range lies inside the dimension.
  public func slicing(_ range: Range<Int>, along dimension: Int) -> Tensor {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= size(dimension),
      "slicing: range \(range) outside dimension \(dimension) of shape \(shape)")
    return must { () throws(TorchError) in
      try Op.slice(self, dimension, range.lowerBound, range.upperBound)
    }
  }
  /// The rows named by a 1-dimensional int64 tensor, copied.
  public func gathering(_ indices: Tensor, along dimension: Int = 0) -> Tensor {
    must { () throws(TorchError) in try Op.indexSelect(self, dimension, indices) }
  }
  /// `out[i][j] = self[i][index[i][j]]` for `dimension` 1, and so on.
  public func picking(_ index: Tensor, along dimension: Int) -> Tensor {
    must { () throws(TorchError) in try Op.gather(self, dimension, index) }
  }
  /// A copy in which the rows named by `indices` are those of `rows`.
  public func replacing(_ indices: Tensor, with rows: Tensor, along dimension: Int = 0) -> Tensor {
    must { () throws(TorchError) in try Op.indexCopy(self, dimension, indices, rows) }
  }
  /// Where a 1-dimensional Boolean tensor holds, as int64 indices.
  public func trueIndices() -> Tensor {
    must { () throws(TorchError) in try Op.nonzero(self) }.flattened()
  }

  /// Joins tensors along an existing dimension.
  public static func concatenating(_ tensors: [Tensor], along dimension: Int = 0) -> Tensor {
    must { () throws(TorchError) in try Op.cat(tensors, dimension) }
  }
  /// Joins tensors of equal shape along a new dimension.
  public static func stacking(_ tensors: [Tensor], along dimension: Int = 0) -> Tensor {
    must { () throws(TorchError) in try Op.stack(tensors, dimension) }
  }
  public func flipped(along dimension: Int) -> Tensor {
    must { () throws(TorchError) in try Op.flip(self, [dimension]) }
  }
  /// Adds `amount` elements of `value` at both ends of the last two dimensions.
  public func padded(_ amount: Int, value: Double = 0) -> Tensor {
    must { () throws(TorchError) in try Op.pad(self, [amount, amount, amount, amount], value) }
  }
}
