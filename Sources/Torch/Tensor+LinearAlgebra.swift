extension Tensor {
  private enum Op {
    static let matmul = Operator(known: "matmul")
    static let mv = Operator(known: "mv")
    static let dot = Operator(known: "dot")
    static let outer = Operator(known: "outer")
    static let svd = Operator(known: "linalg_svd")
    static let svdvals = Operator(known: "linalg_svdvals")
    static let eigh = Operator(known: "linalg_eigh")
    static let qr = Operator(known: "linalg_qr")
    static let solve = Operator(known: "linalg_solve")
    static let addrInPlace = Operator(known: "addr_")
    static let addmvInPlace = Operator(known: "addmv_")
  }

  /// Matrix product; leading dimensions broadcast.
  public func matmul(_ other: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.matmul(self, other) }
  }
  /// Matrix times vector.
  public func times(vector: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.mv(self, vector) }
  }
  /// Σ aᵢ bᵢ of two vectors.
  public func dot(_ other: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.dot(self, other) }
  }
  /// a bᵀ of two vectors.
  public func outer(_ other: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.outer(self, other) }
  }
  /// self ← self + scale · matrix vector, of a vector.
  public func addProductInPlace(_ matrix: Tensor, _ vector: Tensor, scale: Double = 1) {
    _ = must { () throws(TorchError) in try Op.addmvInPlace(self, matrix, vector, 1.0, scale) }
  }
  /// self ← self + scale · a bᵀ
  public func addOuterInPlace(_ a: Tensor, _ b: Tensor, scale: Double) {
    _ = must { () throws(TorchError) in try Op.addrInPlace(self, a, b, 1.0, scale) }
  }

  /// Thin singular value decomposition: `self = u · diag(s) · vh`, `s` in descending order.
  ///
  /// - Throws: ``TorchError`` when LAPACK does not converge, as for a matrix with NaN.
  public func singularValueDecomposition() throws(TorchError) -> (u: Tensor, s: Tensor, vh: Tensor)
  {
    let results = try Op.svd.results(self, false)
    return (results[0].tensor, results[1].tensor, results[2].tensor)
  }
  /// Singular values in descending order.
  public func singularValues() throws(TorchError) -> Tensor { try Op.svdvals(self) }

  /// Eigenvalues in ascending order and eigenvectors (columns) of a symmetric matrix.
  public func symmetricEigenDecomposition() throws(TorchError) -> (values: Tensor, vectors: Tensor)
  {
    let results = try Op.eigh.results(self)
    return (results[0].tensor, results[1].tensor)
  }
  /// Thin QR decomposition.
  public func qr() -> (q: Tensor, r: Tensor) {
    let results = must { () throws(TorchError) in try Op.qr.results(self) }
    return (results[0].tensor, results[1].tensor)
  }
  /// The solution X of self · X = other.
  public func solving(_ other: Tensor) throws(TorchError) -> Tensor { try Op.solve(self, other) }
}
