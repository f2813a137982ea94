extension PyTorchArchivePickleMachine {
  /// Does what an opcode says: one line an opcode, in the groups of CPython's table.
  mutating func execute(_ opcode: UInt8) throws(Failure) {
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
}
