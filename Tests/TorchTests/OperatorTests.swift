import TestSupport
import Testing
import Torch

@Suite struct OperatorTests {
  @Test func namesAndSchemas() throws {
    let add = try Operator("add", "Tensor")
    let full = try Operator("aten::add", "Tensor")
    #expect(add.name == "aten::add" && full.name == add.name)
    #expect(
      add.schema == "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor")
  }

  @Test func anUnknownOperatorThrows() {
    let error = #expect(throws: TorchError.self) { try Operator("no_such_operator") }
    #expect(error?.operation == "aten::no_such_operator")
    #expect(error?.message.contains("Could not find schema for aten::no_such_operator") == true)
    #expect(throws: TorchError.self) { try Operator("add", "NoSuchOverload") }
    #expect(throws: TorchError.self) { try Operator("nowhere::add") }
  }

  @Test func trailingArgumentsHaveDefaults() throws {
    let (a, b) = (Tensor([1.0, 2]), Tensor([10.0, 20]))
    let add = try Operator("add", "Tensor")
    #expect(try add(a, b).scalars(of: Int.self) == [11, 22])
    #expect(try add(a, b, 2).scalars(of: Int.self) == [21, 42])
    #expect(try add(a, b, 0.5).scalars(of: Int.self) == [6, 12])
    let sum = try Operator("sum", "dim_IntList")
    #expect(try sum(a, [0], DefaultArgument(), DType.float32).dtype == .float32)
  }

  /// One argument of each kind, each in a place where a wrong conversion changes the result.
  @Test func argumentsOfEveryKind() throws {
    let x = Tensor([0.0, 1, 2, 3, 4, 5], shape: [2, 3])
    #expect(try Operator("add", "Scalar")(x, 1).dtype == .float64)
    #expect(try Operator("leaky_relu")(-x, 0.5).sum().item() == -7.5)
    #expect(try Operator("leaky_relu")(-x, 2).sum().item() == -30, "an Int for a float")
    #expect(try Operator("sum", "dim_IntList")(x, 0).shape == [3], "an Int for a list")
    #expect(try Operator("softmax", "int")(x, 1, DType?.none).shape == [2, 3])
    #expect(try Operator("sum", "dim_IntList")(x, [0], true).shape == [1, 3])
    #expect(try Operator("cat")([x, x], 1).shape == [2, 6])
    #expect(try Operator("einsum")("ij,kj->ik", [x, x]).shape == [2, 2])
    #expect(try Operator("gelu")(x, "tanh").item(at: 1) != (try Operator("gelu")(x)).item(at: 1))
    #expect(try Operator("to", "device")(x, Device.cpu, DType.int32).dtype == .int32)
    #expect(
      try Operator("empty", "memory_format")(
        [1, 3, 2, 2], DefaultArgument(), DefaultArgument(), Device.cpu, false,
        MemoryFormat.channelsLast
      ).strides == [12, 1, 6, 3])
    #expect(try Operator("clamp")(x, Double?.none, 2.0).max().item() == 2)
    #expect(
      try Operator("upsample_nearest2d", "vec")(x.reshaped([1, 1, 2, 3]), [Int]?.none, [2.0, 3.0])
        .shape == [1, 1, 4, 9])
    #expect(try Operator("index", "Tensor")(x, [Tensor([1])]).shape == [1, 3], "Tensor?[]")
    let generator = Generator(seed: 7)
    #expect(
      try Operator("rand", "generator")([3], generator).isIdentical(
        to: .uniform([3], using: Generator(seed: 7))))
  }

  @Test func resultsOfEveryKind() throws {
    let x = Tensor([3.0, 1, 2])
    let sorted = try Operator("sort").results(x)
    #expect(sorted.count == 2)
    #expect(sorted[0].tensor.scalars(of: Int.self) == [1, 2, 3])
    #expect(sorted[1].tensor.scalars(of: Int.self) == [1, 2, 0])
    let parts = try Operator("split", "Tensor").results(x, 2)
    #expect(parts[0].tensors.map(\.shape) == [[2], [1]])
    guard case .int(3) = try Operator("size", "int").results(x, 0)[0] else {
      Issue.record("no int")
      return
    }
    guard case .double(3) = try Operator("item").results(x[0])[0] else {
      Issue.record("no double")
      return
    }
    guard case .bool(true) = try Operator("equal").results(x, x)[0] else {
      Issue.record("no bool")
      return
    }
    // Gradients that were not asked for come back as nothing.
    let none = try Operator("convolution_backward").results(
      Tensor.ones([1, 1, 1, 1]), Tensor.ones([1, 1, 1, 1]), Tensor.ones([1, 1, 1, 1]), [1], [1, 1],
      [0, 0], [1, 1], false, [0, 0], 1, [true, false, false])
    guard case .tensor = none[0], case .none = none[1], case .none = none[2] else {
      Issue.record("expected one gradient, got \(none)")
      return
    }
  }
}

extension Tensor {
  fileprivate func item(at index: Int) -> Double { scalars(of: Double.self)[index] }
}
