internal import CTorch

/// One slot of an operator's argument list while the call is prepared.
public struct ArgumentSlot {
  var value = CTValue(tag: .none, count: 0, u: .init(i: 0))
  /// Memory that lives until the call returns.
  var owned: UnsafeMutableRawPointer?

  mutating func set<Element>(_ elements: [Element], _ tag: CTTag) {
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
    _ = UnsafeMutableBufferPointer(start: copy, count: elements.count).initialize(from: elements)
    owned = UnsafeMutableRawPointer(copy)
    value = CTValue(tag: tag, count: Int32(elements.count), u: .init(p: owned))
  }
}

/// What can be passed to an ``Operator``.
public protocol OperatorArgument { func encode(into slot: inout ArgumentSlot) }

/// What can be passed to an ``Operator`` as a list.
public protocol OperatorListElement: OperatorArgument {
  static func encode(_ list: [Self], into slot: inout ArgumentSlot)
}

extension Tensor: OperatorListElement {
  public func encode(into slot: inout ArgumentSlot) {
    slot.value = CTValue(
      tag: .tensor, count: 0, u: .init(p: UnsafeMutableRawPointer(raw.rawValue)))
  }
  public static func encode(_ list: [Tensor], into slot: inout ArgumentSlot) {
    slot.set(list.map { $0.raw.rawValue as OpaquePointer? }, .tensors)
  }
}

extension Int: OperatorListElement {
  public func encode(into slot: inout ArgumentSlot) {
    slot.value = CTValue(tag: .int, count: 0, u: .init(i: Int64(self)))
  }
  public static func encode(_ list: [Int], into slot: inout ArgumentSlot) { slot.set(list, .ints) }
}

extension Double: OperatorListElement {
  public func encode(into slot: inout ArgumentSlot) {
    slot.value = CTValue(tag: .double, count: 0, u: .init(d: self))
  }
  public static func encode(_ list: [Double], into slot: inout ArgumentSlot) {
    slot.set(list, .doubles)
  }
}

extension Bool: OperatorListElement {
  public func encode(into slot: inout ArgumentSlot) {
    slot.value = CTValue(tag: .bool, count: 0, u: .init(i: self ? 1 : 0))
  }
  public static func encode(_ list: [Bool], into slot: inout ArgumentSlot) {
    slot.set(list, .bools)
  }
}

extension String: OperatorArgument {
  public func encode(into slot: inout ArgumentSlot) { slot.set(Array(utf8), .string) }
}

extension Device: OperatorArgument {
  public func encode(into slot: inout ArgumentSlot) {
    slot.value = CTValue(tag: .device, count: 0, u: .init(i: Int64(code)))
  }
}

extension DType: OperatorArgument {
  public func encode(into slot: inout ArgumentSlot) { rawValue.encode(into: &slot) }
}

extension MemoryFormat: OperatorArgument {
  public func encode(into slot: inout ArgumentSlot) { rawValue.encode(into: &slot) }
}

extension Generator: OperatorArgument {
  public func encode(into slot: inout ArgumentSlot) {
    slot.value = CTValue(
      tag: .generator, count: 0, u: .init(p: UnsafeMutableRawPointer(raw.rawValue)))
  }
}

/// Stands for "leave this argument at its default".
public struct DefaultArgument: OperatorArgument, Sendable {
  public init() {}
  public func encode(into slot: inout ArgumentSlot) {
    slot.value = CTValue(tag: .default, count: 0, u: .init(i: 0))
  }
}

extension Optional: OperatorArgument where Wrapped: OperatorArgument {
  public func encode(into slot: inout ArgumentSlot) { self?.encode(into: &slot) }
}

extension Array: OperatorArgument where Element: OperatorListElement {
  public func encode(into slot: inout ArgumentSlot) { Element.encode(self, into: &slot) }
}
