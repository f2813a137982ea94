internal import CTorch

extension Tensor {
  /// Copies numbers into a new CPU tensor; the default shape is one dimension.
  ///
  /// - Precondition: `shape` holds as many elements as there are numbers.
  public init<Scalar: TensorScalar>(_ scalars: [Scalar], shape: [Int]? = nil) {
    self = scalars.withUnsafeBytes {
      Tensor(copying: $0, shape: shape ?? [scalars.count], dtype: Scalar.dtype)
    }
  }

  /// A scalar tensor.
  public init<Scalar: TensorScalar>(_ scalar: Scalar) { self.init([scalar], shape: []) }

  /// Copies raw bytes, in the machine's byte order, row-major, into a new CPU tensor.
  ///
  /// - Precondition: `shape` of `dtype` takes exactly that many bytes.
  public init(copying bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) {
    var error = CTError()
    let base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!
    guard
      let raw = ct_from_bytes(
        base, bytes.count, shape.map(Int64.init), Int32(shape.count), Int32(dtype.rawValue), &error)
    else { TorchError(error, in: "Tensor").trap() }
    self.init(owning: raw)
  }

  private static let empty = Operator(known: "empty", "memory_format")
  /// A row-major CPU tensor whose numbers are still to be written, and its memory.
  static func uninitialized(_ shape: [Int], dtype: DType) throws(TorchError) -> (
    tensor: Tensor, memory: UnsafeMutableRawBufferPointer
  ) {
    let tensor = try empty(shape, dtype)
    let memory = UnsafeMutableRawBufferPointer(
      start: UnsafeMutableRawPointer(mutating: ct_data(tensor.raw)),
      count: tensor.count * dtype.byteCount)
    return (tensor, memory)
  }

  /// Calls `body` with this tensor's bytes, row-major on the CPU. A copy is made where they are not.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let dense = detached().moved(to: .cpu).contiguous()
    defer { withExtendedLifetime(dense) {} }
    let bytes = UnsafeRawBufferPointer(
      start: ct_data(dense.raw), count: dense.count * dense.dtype.byteCount)
    return try body(bytes)
  }

  /// The numbers in row-major order, converted to `Scalar`.
  public func scalars<Scalar: TensorScalar>(of type: Scalar.Type) -> [Scalar] {
    converted(to: Scalar.dtype).withBytes { Array($0.bindMemory(to: Scalar.self)) }
  }

  /// The only element.
  ///
  /// - Precondition: there is exactly one.
  public func item() -> Double {
    precondition(count == 1, "item: expected one element, got shape \(shape)")
    return scalars(of: Double.self)[0]
  }
}
