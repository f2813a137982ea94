internal import CTorch

/// An argument as the engine takes it. It holds bare pointers into the argument, which must outlive it.
public struct EncodedArgument {
  let value: CTValue

  init(value: CTValue) { self.value = value }
  init(_ tag: CTTag, _ number: Int) {
    value = CTValue(tag: tag, count: 0, u: .init(i: Int64(number)))
  }
  init(_ tag: CTTag, _ pointer: OpaquePointer) {
    value = CTValue(tag: tag, count: 0, u: .init(p: UnsafeMutableRawPointer(pointer)))
  }
  /// A copy of a list, to be deallocated after the call.
  init<Element>(_ tag: CTTag, copying elements: some Collection<Element>) {
    let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(elements.count, 1))
    _ = copy.initialize(from: elements)
    let start = UnsafeMutableRawPointer(copy.baseAddress!)
    value = CTValue(tag: tag, count: Int32(elements.count), u: .init(p: start))
  }

  func deallocate() {
    switch value.tag {
    case .string, .ints, .doubles, .bools, .tensors: value.u.p!.deallocate()
    case .none, .tensor, .int, .double, .bool, .device, .generator, .default: break
    }
  }
}

/// What can be passed to an ``Operator``.
public protocol OperatorArgument { var encoded: EncodedArgument { get } }

/// What can be passed to an ``Operator`` as a list.
public protocol OperatorListElement: OperatorArgument {
  static func encoded(_ list: [Self]) -> EncodedArgument
}

extension Tensor: OperatorListElement {
  public var encoded: EncodedArgument { EncodedArgument(.tensor, raw.rawValue) }
  public static func encoded(_ list: [Tensor]) -> EncodedArgument {
    EncodedArgument(.tensors, copying: list.lazy.map(\.raw.rawValue))
  }
}

extension Int: OperatorListElement {
  public var encoded: EncodedArgument { EncodedArgument(.int, self) }
  public static func encoded(_ list: [Int]) -> EncodedArgument {
    EncodedArgument(.ints, copying: list)
  }
}

extension Double: OperatorListElement {
  public var encoded: EncodedArgument {
    EncodedArgument(value: CTValue(tag: .double, count: 0, u: .init(d: self)))
  }
  public static func encoded(_ list: [Double]) -> EncodedArgument {
    EncodedArgument(.doubles, copying: list)
  }
}

extension Bool: OperatorListElement {
  public var encoded: EncodedArgument { EncodedArgument(.bool, self ? 1 : 0) }
  public static func encoded(_ list: [Bool]) -> EncodedArgument {
    EncodedArgument(.bools, copying: list)
  }
}

extension String: OperatorArgument {
  public var encoded: EncodedArgument { EncodedArgument(.string, copying: utf8) }
}

extension Device: OperatorArgument {
  public var encoded: EncodedArgument { EncodedArgument(.device, code) }
}

extension DType: OperatorArgument {
  public var encoded: EncodedArgument { rawValue.encoded }
}

extension MemoryFormat: OperatorArgument {
  public var encoded: EncodedArgument { rawValue.encoded }
}

extension Generator: OperatorArgument {
  public var encoded: EncodedArgument { EncodedArgument(.generator, raw.rawValue) }
}

/// Stands for "leave this argument at its default".
public struct DefaultArgument: OperatorArgument, Sendable {
  public init() {}
  public var encoded: EncodedArgument { EncodedArgument(.default, 0) }
}

extension Optional: OperatorArgument where Wrapped: OperatorArgument {
  public var encoded: EncodedArgument { self?.encoded ?? EncodedArgument(.none, 0) }
}

extension Array: OperatorArgument where Element: OperatorListElement {
  public var encoded: EncodedArgument { Element.encoded(self) }
}
