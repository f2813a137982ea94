import Foundation
import TestSupport
import Testing
import Torch

/// Types, strides, memory formats, devices, and numbers going in and out.
@Suite struct LayoutTests {
  @Test func shapeStridesAndCounts() {
    let x = randomTensor([2, 3, 5, 7], seed: 1)
    #expect(x.shape == [2, 3, 5, 7] && x.rank == 4 && x.count == 210)
    #expect(x.strides == [105, 35, 7, 1])
    #expect(x.size(1) == 3 && x.size(-1) == 7)
    #expect(x.transposed().strides == [105, 35, 1, 7])
    #expect(Tensor([1.0]).expanded(to: [4, 1]).strides == [0, 1])
    let scalar = Tensor(2.5)
    #expect(scalar.shape == [] && scalar.strides == [] && scalar.rank == 0 && scalar.count == 1)
    #expect(Tensor.zeros([0, 3]).count == 0)
    #expect(x.device == .cpu && "\(x.device)" == "cpu" && "\(Device.cuda(1))" == "cuda:1")
  }

  @Test func channelsLastChangesMemoryAndNothingElse() {
    let x = randomTensor([2, 3, 5, 7], seed: 1)
    let y = x.contiguous(.channelsLast)
    #expect(y.shape == x.shape && y.strides == [105, 1, 21, 3])
    expectClose(y, x, relative: 0)
    #expect(y.contiguous().strides == x.strides)
    #expect((y + y).strides == y.strides, "elementwise operations keep the format")
    #expect(Tensor.zeros(like: y).strides == y.strides)
  }

  /// One channel lies in both formats; the strides decide in which one the results of operations come.
  @Test func oneChannelIsChannelsLastWhenAsked() {
    let image = randomTensor([2, 1, 5, 7], seed: 1)
    let last = image.contiguous(.channelsLast)
    #expect(last.strides == [35, 1, 7, 1])
    #expect(last.contiguous(.channelsLast).strides == last.strides)
    let weight = randomTensor([4, 1, 3, 3], seed: 2)
    let (x, y) = (last.conv2d(weight, padding: 1), image.conv2d(weight, padding: 1))
    #expect(x.strides == [140, 1, 28, 4] && y.strides == [140, 35, 7, 1])
    expectClose(x, y, relative: 1e-5)
    image.multiplyInPlace(by: 2)
    #expect(last.isIdentical(to: image), "no copy was made")
  }

  @Test func contiguousCopiesOnlyWhereItMust() {
    let x = Tensor([1.0, 2, 3, 4], shape: [2, 2])
    let (same, copy) = (x.contiguous(), x.transposed().contiguous())
    x.multiplyInPlace(by: 2)
    #expect(same.scalars(of: Int.self) == [2, 4, 6, 8])
    #expect(copy.scalars(of: Int.self) == [1, 3, 2, 4])
  }

  @Test(arguments: DType.allCases)
  func everyTypeHoldsSmallNumbers(dtype: DType) {
    let x = Tensor([0, 1, 1, 0, 1]).converted(to: dtype)
    #expect(x.dtype == dtype)
    #expect(x.scalars(of: Int.self) == [0, 1, 1, 0, 1])
    #expect(x.withBytes { $0.count } == 5 * dtype.byteCount)
    #expect(x.converted(to: .float64).scalars(of: Double.self) == [0, 1, 1, 0, 1])
    #expect(Tensor.ones([3], dtype: dtype).dtype == dtype)
    #expect(Tensor.zeros(like: x).dtype == dtype)
    #expect(dtype.isFloatingPoint == [.float16, .float32, .float64, .bfloat16].contains(dtype))
  }

  /// Numbers that a detour over a narrower type would change.
  @Test func numbersComeBackExactly() {
    func check<Scalar: TensorScalar & Equatable>(_ numbers: [Scalar]) {
      let x = Tensor(numbers)
      #expect(x.dtype == Scalar.dtype && x.scalars(of: Scalar.self) == numbers)
    }
    check([UInt8.min, 7, .max])
    check([Int8.min, -7, .max])
    check([Int16.min, -7, .max])
    check([Int32.min, -7, .max])
    check([Int64.min, -7, .max])
    check([Int.min, Int(1) << 53 + 1, .max])
    check([Float.leastNonzeroMagnitude, -0.1, .greatestFiniteMagnitude, .infinity])
    check([Double.leastNonzeroMagnitude, -0.1, .greatestFiniteMagnitude, -.infinity])
    check([true, false])
    check([] as [Double])
  }

  @Test func bytesAreRowMajorWhateverTheStrides() {
    let x = Tensor([1, 2, 3, 4, 5, 6] as [UInt8], shape: [2, 3])
    #expect(x.transposed().withBytes { Array($0) } == [1, 4, 2, 5, 3, 6])
    #expect(x[1].withBytes { Array($0) } == [4, 5, 6])
    struct Stop: Error {}
    #expect(throws: Stop.self) { try x.withBytes { _ throws(Stop) in throw Stop() } }
    let copy = [1, 2].withUnsafeBytes { Tensor(copying: $0, shape: [2], dtype: .int64) }
    #expect(copy.scalars(of: Int.self) == [1, 2])
  }

  @Test func items() {
    #expect(Tensor([[2.5]].flatMap { $0 }, shape: [1, 1]).item() == 2.5)
    #expect(Tensor(Float(0.1)).item() == Double(Float(0.1)))
    #expect(Tensor(true).item() == 1)
  }

  @Test func creation() {
    #expect(Tensor.full(0.1, shape: [2], dtype: .float64).scalars(of: Double.self) == [0.1, 0.1])
    #expect(Tensor.zeros([2, 0]).shape == [2, 0] && Tensor.ones([]).item() == 1)
    #expect(Tensor.arange(2, 5).scalars(of: Int.self) == [2, 3, 4])
    #expect(
      Tensor.arange(0, 3, dtype: .float32).dtype == .float32 && Tensor.arange(0, 3).dtype == .int64)
    #expect(Tensor.identity(3).scalars(of: Int.self) == [1, 0, 0, 0, 1, 0, 0, 0, 1])
    #expect(Tensor.identity(2, dtype: .float64).dtype == .float64)
    #expect(Tensor.zeros([1]).dtype == .float32)
  }

  @Test func conversionToTheSameTypeOrDeviceIsFree() {
    let x = Tensor([1.0])
    let (typed, moved) = (x.converted(to: .float64), x.moved(to: .cpu))
    x.multiplyInPlace(by: 3)
    #expect(typed.item() == 3 && moved.item() == 3)
  }

  @Test func description() {
    #expect("\(Tensor([1.0, 2]))" == "Tensor(float64, shape [2], [1.0, 2.0])")
    #expect("\(Tensor.zeros([4, 5]))" == "Tensor(float32, shape [4, 5])")
  }

  @Test func engine() {
    #expect(Engine.version == "2.11.0")
    #expect(["DEFAULT", "AVX2", "AVX512"].contains(Engine.cpuCapability))
    #expect(
      (Engine.cudaAbsence == nil) == (Engine.cudaDeviceCount > 0) || Engine.cudaDeviceCount == 0)
    Engine.yardstickAdditions(Tensor([1.0]), Tensor([1.0]), rounds: 3)
  }

  /// In a process of its own: other tests share this one's threads.
  @Test func threadsAreSetForThisThreadAndNewOnes() async {
    await #expect(processExitsWith: .success) {
      Engine.threads = 5
      let (asked, answered) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
      nonisolated(unsafe) var counts: [Int] = []
      func startThread() {
        Thread {
          counts.append(Engine.threads)
          answered.signal()
          asked.wait()
          counts.append(Engine.threads)
          answered.signal()
        }.start()
        answered.wait()
      }
      startThread()
      Engine.threads = 3
      asked.signal()
      answered.wait()
      #expect(counts == [5, 5], "a thread that asked before keeps its number")
      startThread()
      #expect(counts == [5, 5, 3], "a new thread takes over the last one")
      #expect(Engine.threads == 3)
      expectClose(Tensor.ones([300, 300]).matmul(Tensor.ones([300, 300])).sum().item(), 2.7e7)
    }
  }
}
