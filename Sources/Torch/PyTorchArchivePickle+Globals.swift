extension PyTorchArchivePickle {
  /// The names that a pickle may use, all of them. Each stands for something that is done here, in Swift.
  enum Global: Sendable, Equatable {
    case orderedDictionary
    /// What learning-rate schedules keep their milestones in.
    case counter
    case rebuildTensor
    /// The same with the element type in its own argument.
    case rebuildTypedTensor
    case rebuildParameter
    case rebuildParameterWithState
    case size
    case storage(DType)
    case bytesStorage
    case dtype(DType)

    init(_ module: String, _ name: String) throws(PyTorchArchive.Failure) {
      switch (module, name) {
      case ("collections", "OrderedDict"): self = .orderedDictionary
      case ("collections", "Counter"): self = .counter
      case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
      case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTypedTensor
      case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
      case ("torch._utils", "_rebuild_parameter_with_state"): self = .rebuildParameterWithState
      case ("torch", "Size"): self = .size
      case ("torch.storage", "UntypedStorage"): self = .bytesStorage
      case ("torch", _):
        if let dtype = Self.storages[name] {
          self = .storage(dtype)
        } else if let dtype = Self.dtypes[name] {
          self = .dtype(dtype)
        } else if Self.unsupported.contains(name) {
          throw PyTorchArchive.Failure(
            .unsupported, "pickle",
            expected: "tensors of " + Self.dtypes.keys.sorted().joined(separator: ", "),
            found: "torch.\(name)",
            remedy: "convert the tensors to one of these types and save again")
        } else {
          throw .refused("the name torch.\(name.escaped)")
        }
      default: throw .refused("the name \(module.escaped).\(name.escaped)")
      }
    }

    /// What it is called in Python.
    var name: String {
      switch self {
      case .orderedDictionary: "collections.OrderedDict"
      case .counter: "collections.Counter"
      case .rebuildTensor: "torch._utils._rebuild_tensor_v2"
      case .rebuildTypedTensor: "torch._utils._rebuild_tensor_v3"
      case .rebuildParameter: "torch._utils._rebuild_parameter"
      case .rebuildParameterWithState: "torch._utils._rebuild_parameter_with_state"
      case .size: "torch.Size"
      case .storage(let dtype): "torch's storage of \(dtype)"
      case .bytesStorage: "torch.storage.UntypedStorage"
      case .dtype(let dtype): "torch.\(dtype)"
      }
    }

    private static let storages: [String: DType] = [
      "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16,
      "BFloat16Storage": .bfloat16, "LongStorage": .int64, "IntStorage": .int32,
      "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .bool,
    ]

    private static let dtypes: [String: DType] = [
      "float32": .float32, "float64": .float64, "float16": .float16, "bfloat16": .bfloat16,
      "int64": .int64, "int32": .int32, "int16": .int16, "int8": .int8, "uint8": .uint8,
      "bool": .bool,
    ]

    private static let unsupported: Set<String> = [
      "ComplexFloatStorage", "ComplexDoubleStorage", "QInt8Storage", "QUInt8Storage",
      "QInt32Storage", "QUInt4x2Storage", "QUInt2x4Storage", "complex32", "complex64",
      "complex128", "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2",
      "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2", "qint8",
      "quint8", "qint32",
    ]
  }
}

extension PyTorchArchivePickleMachine {
  typealias Storage = PyTorchArchivePickle.Storage
  typealias View = PyTorchArchivePickle.View

  /// A persistent id: `("storage", type, key, location, count)`.
  func storage(_ id: Value) throws(Failure) -> Storage {
    let fields = items(id, .tuple) ?? []
    guard fields.count == 5, case .text("storage") = fields[0],
      case .global(let type) = fields[1], case .text(let key) = fields[2],
      case .text = fields[3], case .int(let count) = fields[4], count >= 0
    else { throw .refused("a persistent id of unknown form") }
    switch type {
    case .storage(let dtype): return Storage(key: key, dtype: dtype, count: count)
    case .bytesStorage: return Storage(key: key, dtype: nil, count: count)
    default: throw .refused("a persistent id of unknown form")
    }
  }

  /// What the allow-list's callables make of their arguments.
  mutating func call(_ callable: Value, _ arguments: Value) throws(Failure) -> Value {
    guard case .global(let global) = callable, let arguments = items(arguments, .tuple) else {
      throw .refused("a call of something that is no name")
    }
    switch global {
    case .orderedDictionary where arguments.isEmpty: return new(.dictionary, isOrdered: true)
    case .counter:
      if arguments.count == 1, items(arguments[0], .dictionary) != nil { return arguments[0] }
    case .size:
      if arguments.count == 1, items(arguments[0], .tuple) != nil { return arguments[0] }
    case .rebuildTensor where (6...7).contains(arguments.count):
      return try tensor(arguments, dtype: nil)
    case .rebuildTypedTensor where (7...8).contains(arguments.count):
      guard case .global(.dtype(let dtype)) = arguments[6] else { break }
      return try tensor(arguments, dtype: dtype)
    case .rebuildParameter where arguments.count == 3,
      .rebuildParameterWithState where arguments.count == 4:
      // The flag of differentiation, hooks and Python attributes say nothing about the numbers.
      if case .tensor = arguments[0] { return arguments[0] }
    default: break
    }
    throw .refused("a call of \(global.name) with arguments of unknown form")
  }

  /// `(storage, offset, shape, strides, …)`
  private mutating func tensor(_ arguments: [Value], dtype: DType?) throws(Failure) -> Value {
    guard case .storage(let storage) = arguments[0], case .int(let offset) = arguments[1],
      let shape = extents(arguments[2]), let strides = extents(arguments[3]),
      shape.count == strides.count, offset >= 0,
      let dtype = dtype ?? storage.dtype, storage.dtype == nil || storage.dtype == dtype
    else {
      throw damaged("a tensor's storage, offset, shape and strides", "values of another form")
    }
    tensors.append(
      View(storage: storage, dtype: dtype, offset: offset, shape: shape, strides: strides))
    return .tensor(tensors.count - 1)
  }

  private func extents(_ value: Value) -> [Int]? {
    // The engine's tensors have at most 64 dimensions.
    guard let items = items(value, .tuple), items.count <= 64 else { return nil }
    let numbers = items.compactMap { item -> Int? in
      guard case .int(let number) = item, number >= 0 else { return nil }
      return number
    }
    return numbers.count == items.count ? numbers : nil
  }

  private func items(
    _ value: Value, _ kind: PyTorchArchivePickle.Collection.Kind
  ) -> [Value]? {
    guard case .collection(let index) = value, collections[index].kind == kind else { return nil }
    return collections[index].items
  }
}
