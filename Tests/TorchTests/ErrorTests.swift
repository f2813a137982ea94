import Testing
import Torch

/// The whole text of errors: operation, shapes and types, the engine's message.
@Suite struct ErrorTests {
  typealias Row = (call: @Sendable () throws -> Void, text: String, kind: TorchError.Kind)

  static let x = Tensor.zeros([2, 3])
  static let y = Tensor.zeros([4, 5], dtype: .float64)

  /// A text that ends in "…" goes on.
  static let rows: [Row] = [
    (
      { _ = try Operator("mm")(x, x) },
      "aten::mm([2, 3] Float, [2, 3] Float): mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)",
      .general
    ),
    (
      { _ = try Operator("add", "Tensor")(x, y) },
      """
      aten::add([2, 3] Float, [4, 5] Double): The size of tensor a (3) must match the size of \
      tensor b (5) at non-singleton dimension 1
      """, .general
    ),
    (
      { _ = try Operator("cat")([x, y], 0) },
      """
      aten::cat([2, 3] Float, [4, 5] Double): Sizes of tensors must match except in dimension 0. \
      Expected size 3 but got size 5 for tensor number 1 in the list.
      """, .general
    ),
    (
      { _ = try Operator("select", "int")(x, 0, 7) },
      """
      aten::select([2, 3] Float): select(): index 7 out of range for tensor of size [2, 3] at \
      dimension 0
      """, .index
    ),
    (
      { _ = try Operator("reshape")(x, [4]) },
      "aten::reshape([2, 3] Float): shape '[4]' is invalid for input of size 6", .general
    ),
    ({ _ = try Operator("relu")() }, "aten::relu: missing argument 'self'", .general),
    (
      { _ = try Operator("relu")(x, x) },
      "aten::relu([2, 3] Float, [2, 3] Float): takes 1 arguments, got 2", .general
    ),
    ({ _ = try Operator("relu")(1) }, "aten::relu: argument 'self' must be a tensor", .general),
    (
      { _ = try Operator("mm")(x, Tensor?.none) },
      "aten::mm([2, 3] Float): argument 'mat2' must be a tensor", .general
    ),
    ({ _ = try Operator("reshape")(x, "shape") }, "aten::reshape([2, 3] Float): …", .general),
    ({ _ = try Operator("reshape")(x, [1.5]) }, "aten::reshape([2, 3] Float): …", .general),
    ({ _ = try Operator("cat")(x, x) }, "aten::cat([2, 3] Float, [2, 3] Float): …", .general),
    (
      { _ = try Operator("softmax", "int")(x, DefaultArgument()) },
      "aten::softmax([2, 3] Float): argument 'dim' has no default", .general
    ),
    (
      { _ = try Operator("sort")(x) }, "aten::sort([2, 3] Float): returns 2 results, not 1",
      .general
    ),
    (
      { _ = try Operator("empty", "memory_format")([1 << 50]) },
      "aten::empty: [enforce fail at alloc_cpu.cpp:…", .outOfMemory
    ),
    (
      { _ = try Operator("linalg_svd").results(y.converted(to: .int32)) },
      """
      aten::linalg_svd([4, 5] Int): linalg.svd: Expected a floating point or complex tensor as \
      input. Got Int
      """, .general
    ),
    (
      { _ = try Operator("full")([2], 0, DType.float32, Int?.none, Device.cuda(0)) },
      "aten::full: Could not run 'aten::empty.memory_format' with arguments from the 'CUDA' backend…",
      .notImplemented
    ),
  ]

  @Test(arguments: rows.indices)
  func saysWhatFailed(index: Int) {
    let row = Self.rows[index]
    do {
      try row.call()
      Issue.record("no error")
    } catch let error as TorchError {
      let isWhole = row.text.last != "…"
      let matches =
        isWhole
        ? error.description == row.text : error.description.hasPrefix(row.text.dropLast())
      #expect(matches, "\(error.description)")
      #expect(error.kind == row.kind)
    } catch { Issue.record("\(error)") }
  }

  /// Arithmetic traps; the process leaves the same text.
  @Test func arithmeticTraps() async throws {
    func text(_ result: ExitTest.Result?) -> String {
      String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    }
    let sum = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]) + Tensor.zeros([4])
    }
    #expect(
      text(sum).contains("Fatal error: aten::add([2, 3] Float, [4] Float): The size of tensor"))
    let item = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).item()
    }
    #expect(text(item).contains("item: expected one element, got shape [2, 3]"))
    let slice = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3])[1..<3]
    }
    #expect(text(slice).contains("slicing: range 1..<3 outside dimension 0 of shape [2, 3]"))
    let size = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).size(2)
    }
    #expect(text(size).contains("size: no dimension 2 in shape [2, 3]"))
    let vectors = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor([1.0]).requiringGradient()
      _ = try vectorJacobianProduct(outputs: [x, x], inputs: [x], vectors: [x])
    }
    #expect(text(vectors).contains("vectorJacobianProduct: expected 2 vectors, got 1"))
    let leaf = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1]).requiringGradient()
    }
    #expect(text(leaf).contains("requiringGradient"))
    let names = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = NamedTensors([("a", Tensor([1])), ("a", Tensor([2]))])
    }
    #expect(text(names).contains("two tensors are named 'a'"))
  }
}
