/// What a pickle of tensors holds: plain values in an arena. Nothing in it is ever called or imported.
///
/// Collections refer to one another by index, so a pickle that nests or repeats them without end costs what
/// its bytes cost, and nothing more.
struct PyTorchArchivePickle: Sendable {
  enum Value: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    /// An integer beyond 64 bits. Its value is of no use here.
    case hugeInt
    case float(Double)
    case text(String)
    case bytes(Int)
    /// An index into ``collections``.
    case collection(Int)
    case global(Global)
    case storage(Storage)
    /// An index into ``tensors``.
    case tensor(Int)
  }

  struct Collection: Sendable {
    enum Kind: String, Sendable { case list, tuple, set, dictionary }
    let kind: Kind
    /// Elements; a dictionary's keys and values alternate, and of equal keys the last counts.
    var items: [Value] = []
    /// Made by `collections.OrderedDict()`, which may carry attributes.
    var isOrdered = false
  }

  /// A record of numbers that tensors are views of.
  struct Storage: Sendable, Hashable {
    let key: String
    /// Nil for bytes without a type.
    let dtype: DType?
    /// In elements.
    let count: Int
  }

  /// A tensor as a view of a storage.
  struct View: Sendable {
    let storage: Storage
    let dtype: DType
    let offset: Int
    let shape: [Int]
    let strides: [Int]
  }

  let collections: [Collection]
  let tensors: [View]
  let root: Value

  /// - Throws: a failure that names what the pickle wants to run or build, or where it breaks off.
  init(_ bytes: [UInt8]) throws(PyTorchArchive.Failure) {
    var machine = PyTorchArchivePickleMachine(bytes)
    root = try machine.run()
    collections = machine.collections
    tensors = machine.tensors
  }
}

/// Reads opcodes of protocols 2 to 5, those that collections of tensors, numbers and texts need.
///
/// Source: CPython's `Lib/pickletools.py`, which describes every opcode.
struct PyTorchArchivePickleMachine {
  typealias Failure = PyTorchArchive.Failure
  typealias Value = PyTorchArchivePickle.Value

  private let bytes: [UInt8]
  private var position = 0
  private var opcodeAt = 0
  private var stack: [Value] = []
  /// How high the stack was at each mark.
  private var marks: [Int] = []
  private var memo: [Int: Value] = [:]
  var collections: [PyTorchArchivePickle.Collection] = []
  var tensors: [PyTorchArchivePickle.View] = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func run() throws(Failure) -> Value {
    guard bytes.count >= 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) else {
      throw Failure(
        .otherFormat, "pickle", expected: "protocol 2 to 5",
        found: bytes.prefix(2).map { String($0, radix: 16) }.joined(separator: " "),
        remedy: "save it again: " + Failure.python("torch.load('old.pth', weights_only=True)"))
    }
    position = 2
    while true {
      opcodeAt = position
      let opcode = try take(1).first!
      if opcode == UInt8(ascii: ".") { return try pop() }
      try execute(opcode)
    }
  }

  private mutating func execute(_ opcode: UInt8) throws(Failure) {
    switch Unicode.Scalar(opcode) {
    // Numbers, texts, constants.
    case "N": stack.append(.none)
    case "\u{88}": stack.append(.bool(true))
    case "\u{89}": stack.append(.bool(false))
    case "J": stack.append(.int(Int(Int32(truncatingIfNeeded: try number(4)))))
    case "K": stack.append(.int(try length(1)))
    case "M": stack.append(.int(try length(2)))
    case "\u{8a}": stack.append(try integer(length(1)))
    case "\u{8b}": stack.append(try integer(length(4)))
    case "G":
      let big = try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      stack.append(.float(Double(bitPattern: big)))
    case "X": stack.append(.text(try text(length(4))))
    case "\u{8c}": stack.append(.text(try text(length(1))))
    case "\u{8d}": stack.append(.text(try text(length(8))))
    case "C": stack.append(.bytes(try take(length(1)).count))
    case "B": stack.append(.bytes(try take(length(4)).count))
    case "\u{8e}", "\u{96}": stack.append(.bytes(try take(length(8)).count))
    // Collections.
    case "}": make(.dictionary)
    case "]": make(.list)
    case ")": make(.tuple)
    case "\u{8f}": make(.set)
    case "t": make(.tuple, try popToMark())
    case "\u{91}": make(.set, try popToMark())
    case "\u{85}": make(.tuple, try pop(1))
    case "\u{86}": make(.tuple, try pop(2))
    case "\u{87}": make(.tuple, try pop(3))
    case "a": try extend(with: pop(1), [.list])
    case "e": try extend(with: popToMark(), [.list])
    case "\u{90}": try extend(with: popToMark(), [.set])
    case "s": try extend(with: pop(2), [.dictionary])
    case "u": try extend(with: popToMark(), [.dictionary])
    // The stack and the memo.
    case "(": marks.append(stack.count)
    case "0": if stack.count == marks.last { marks.removeLast() } else { _ = try pop() }
    case "1": _ = try popToMark()
    case "2":
      let value = try pop()
      stack += [value, value]
    case "q": try remember(length(1))
    case "r": try remember(length(4))
    case "\u{94}": try remember(memo.count)
    case "h": try recall(length(1))
    case "j": try recall(length(4))
    case "\u{95}": _ = try length(8)  // a frame: a hint for reading, without meaning
    // Names and what is made by them.
    case "c":
      let module = try line()
      stack.append(.global(try PyTorchArchivePickle.Global(module, line())))
    case "\u{93}":
      let names = try pop(2)
      guard case .text(let module) = names[0], case .text(let name) = names[1] else {
        throw damaged("two texts as a global's name", "other values")
      }
      stack.append(.global(try PyTorchArchivePickle.Global(module, name)))
    case "Q": stack.append(.storage(try storage(pop())))
    case "R":
      let (arguments, callable) = (try pop(), try pop())
      stack.append(try call(callable, arguments))
    case "b":
      let state = try pop()
      try build(state)
    case "i":
      let module = try line()
      throw .refused("an instance of \(module.escaped).\(try line().escaped)")
    default: throw refusal(of: opcode)
    }
  }

  /// The opcodes that build objects, and those that no pickle of protocol 2 to 5 has.
  private func refusal(of opcode: UInt8) -> Failure {
    let builders: [UInt8: String] = [
      UInt8(ascii: "o"): "OBJ", 0x81: "NEWOBJ", 0x92: "NEWOBJ_EX", 0x82: "EXT1", 0x83: "EXT2",
      0x84: "EXT4", UInt8(ascii: "P"): "PERSID", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
    ]
    if let name = builders[opcode] {
      return .refused("opcode \(name) at byte \(opcodeAt), which builds an object")
    }
    return damaged(
      "an opcode of protocol 2 to 5 for tensors", "byte \(String(opcode, radix: 16))")
  }

  func damaged(_ expected: String, _ found: String) -> Failure {
    Failure(.damaged, "pickle", expected: expected, found: "\(found) at byte \(opcodeAt)")
  }

  // MARK: The bytes

  private mutating func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
    guard count <= bytes.count - position else {
      throw damaged("\(count) more bytes", "\(bytes.count - position)")
    }
    defer { position += count }
    return bytes[position..<position + count]
  }

  private mutating func number(_ byteCount: Int) throws(Failure) -> UInt64 {
    try take(byteCount).littleEndian(0, byteCount)
  }

  /// A number that counts or names something, so it is not negative.
  private mutating func length(_ byteCount: Int) throws(Failure) -> Int {
    let value = try number(byteCount)
    guard let length = Int(exactly: value) else { throw damaged("a length", "\(value)") }
    return length
  }

  /// Two's complement of any length.
  private mutating func integer(_ byteCount: Int) throws(Failure) -> Value {
    let digits = try take(byteCount)
    let isNegative = (digits.last ?? 0) >= 0x80
    let rest = digits.dropFirst(8)
    guard rest.allSatisfy({ $0 == (isNegative ? 0xff : 0) }) else { return .hugeInt }
    let low = Array(digits.prefix(8))
    let padded = low + [UInt8](repeating: isNegative ? 0xff : 0, count: 8 - low.count)
    let value = Int(truncatingIfNeeded: padded.littleEndian(0, 8))
    return (value < 0) == isNegative ? .int(value) : .hugeInt
  }

  private mutating func text(_ byteCount: Int) throws(Failure) -> String {
    guard let text = String(validating: try take(byteCount), as: UTF8.self) else {
      throw damaged("text in UTF-8", "other bytes")
    }
    return text
  }

  private mutating func line() throws(Failure) -> String {
    let longest = 256
    guard let end = bytes[position...].prefix(longest).firstIndex(of: UInt8(ascii: "\n")) else {
      throw damaged("a name of at most \(longest) bytes", "a longer one")
    }
    let name = try text(end - position)
    position += 1
    return name
  }

  // MARK: The stack and the memo

  /// Values above the last mark only: what lies below belongs to a collection that is not begun yet.
  mutating func pop(_ count: Int) throws(Failure) -> [Value] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw damaged("\(count) values on the stack", "\(stack.count - (marks.last ?? 0))")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  mutating func pop() throws(Failure) -> Value { try pop(1)[0] }

  private mutating func popToMark() throws(Failure) -> [Value] {
    guard let mark = marks.popLast() else { throw damaged("a mark on the stack", "none") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func remember(_ index: Int) throws(Failure) {
    let value = try pop()
    memo[index] = value
    stack.append(value)
  }

  private mutating func recall(_ index: Int) throws(Failure) {
    guard let value = memo[index] else { throw damaged("a value \(index) in the memo", "none") }
    stack.append(value)
  }

  // MARK: Collections

  private mutating func make(_ kind: PyTorchArchivePickle.Collection.Kind, _ items: [Value] = []) {
    stack.append(new(kind, items))
  }

  mutating func new(
    _ kind: PyTorchArchivePickle.Collection.Kind, _ items: [Value] = [], isOrdered: Bool = false
  ) -> Value {
    collections.append(.init(kind: kind, items: items, isOrdered: isOrdered))
    return .collection(collections.count - 1)
  }

  private mutating func extend(
    with items: [Value], _ kinds: [PyTorchArchivePickle.Collection.Kind]
  ) throws(Failure) {
    guard case .collection(let index)? = stack.last, stack.count > marks.last ?? 0,
      kinds.contains(collections[index].kind),
      collections[index].kind != .dictionary || items.count % 2 == 0
    else {
      throw damaged("a \(kinds[0]) to add to, and whole entries", "something else")
    }
    collections[index].items += items
  }

  /// Attributes: an ordered dictionary carries PyTorch's `_metadata`, which no reader of tensors needs.
  private func build(_ state: Value) throws(Failure) {
    if case .collection(let target)? = stack.last, collections[target].isOrdered,
      case .collection(let attributes) = state, collections[attributes].kind == .dictionary
    {
      return
    }
    throw .refused("opcode BUILD at byte \(opcodeAt), which sets an object's state")
  }
}
