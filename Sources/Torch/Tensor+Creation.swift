extension Tensor {
  private enum Op {
    static let full = Operator(known: "full")
    static let empty = Operator(known: "empty", "memory_format")
    static let zerosLike = Operator(known: "zeros_like")
    static let arange = Operator(known: "arange", "start")
    static let rand = Operator(known: "rand", "generator")
    static let randn = Operator(known: "randn", "generator")
    static let randperm = Operator(known: "randperm", "generator")
    static let eye = Operator(known: "eye")
    static let to = Operator(known: "to", "device")
    static let toType = Operator(known: "to", "dtype")
    static let setData = Operator(known: "set_data")
    static let clone = Operator(known: "clone")
    static let contiguous = Operator(known: "contiguous")
  }

  public static func full(
    _ value: Double, shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    must { () throws(TorchError) in try Op.full(shape, value, dtype, Int?.none, device) }
  }

  public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor
  { full(0, shape: shape, dtype: dtype, device: device) }

  public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor
  { full(1, shape: shape, dtype: dtype, device: device) }

  /// Whatever the memory holds: to be written before it is read.
  public static func uninitialized(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) -> Tensor {
    must { () throws(TorchError) in try Op.empty(shape, dtype, Int?.none, device) }
  }

  /// Zeros of the same shape, type, device and memory format.
  public static func zeros(like other: Tensor) -> Tensor {
    must { () throws(TorchError) in try Op.zerosLike(other) }
  }

  /// `start, start + 1, … < end`
  public static func arange(_ start: Int, _ end: Int, dtype: DType = .int64) -> Tensor {
    must { () throws(TorchError) in try Op.arange(start, end, dtype) }
  }

  public static func identity(_ size: Int, dtype: DType = .float32) -> Tensor {
    must { () throws(TorchError) in try Op.eye(size, dtype) }
  }

  /// Uniform in [low, high).
  public static func uniform(
    _ shape: [Int], in range: ClosedRange<Double> = 0...1, dtype: DType = .float32,
    using generator: Generator
  ) -> Tensor {
    let unit = must { () throws(TorchError) in try Op.rand(shape, generator, dtype) }
    guard range != 0...1 else { return unit }
    return unit * (range.upperBound - range.lowerBound) + range.lowerBound
  }

  /// Normal with mean 0 and the given standard deviation.
  public static func normal(
    _ shape: [Int], standardDeviation: Double = 1, dtype: DType = .float32,
    using generator: Generator
  ) -> Tensor {
    let unit = must { () throws(TorchError) in try Op.randn(shape, generator, dtype) }
    return standardDeviation == 1 ? unit : unit * standardDeviation
  }

  /// A random permutation of `0 ..< count`.
  public static func permutation(_ count: Int, using generator: Generator) -> Tensor {
    must { () throws(TorchError) in try Op.randperm(count, generator, DType.int64) }
  }

  /// The same numbers on another device.
  public func moved(to device: Device) -> Tensor {
    guard device != self.device else { return self }
    return must { () throws(TorchError) in try Op.to(self, device, dtype) }
  }

  /// The same numbers as another type.
  public func converted(to dtype: DType) -> Tensor {
    guard dtype != self.dtype else { return self }
    return must { () throws(TorchError) in try Op.toType(self, dtype) }
  }

  /// A copy with memory of its own.
  public func copied() -> Tensor { must { () throws(TorchError) in try Op.clone(self) } }

  /// Gives this tensor, and every copy of the reference to it, another element type: a leaf stays a leaf.
  ///
  /// Graphs that hold it must not be used any more. Views that were taken of it keep the old numbers and their memory.
  public func convertInPlace(to dtype: DType) {
    let numbers = detached().converted(to: dtype)
    _ = must { () throws(TorchError) in try Op.setData.results(self, numbers) }
  }

  /// The same numbers in the given memory order; no copy where they lie so already.
  public func contiguous(_ format: MemoryFormat = .contiguous) -> Tensor {
    let dense = must { () throws(TorchError) in try Op.contiguous(self, format) }
    guard format == .channelsLast, rank == 4, size(1) == 1 else { return dense }
    // One channel lies in both orders, and the engine then takes the strides of the first: the results of its
    // operations would not be channels-last.
    return dense.squeezed(1).unsqueezed(-1).permuted([0, 3, 1, 2])
  }
}
