import TestSupport
import Testing
import Torch

@Suite struct OracleTests {
  /// d/dx Σ x³ y = 3 x² y: a transposed or one-sided difference would miss it.
  @Test func numericalGradientOfACubic() {
    let x = Tensor([0.5, -1.5, 2.0, 0.25, 3.0, -0.75], shape: [2, 3])
    let y = Tensor([1.0, 2, 3, 4, 5, 6], shape: [2, 3])
    let found = numericalGradient(at: x) { ($0.power(3) * y).sum() }
    expectClose(found, 3.0 * x.squared() * y, relative: 1e-8, absolute: 1e-8)
  }

  /// A one-sided difference would give 1 here; the mean of both sides is 0.
  @Test func numericalGradientIsCentral() {
    let found = numericalGradient(at: Tensor(0.0)) { $0.magnitude() }
    #expect(found.item() == 0 && found.shape == [])
  }

  @Test func numericalGradientPassesErrorsOn() {
    struct Stop: Error {}
    #expect(throws: Stop.self) { try numericalGradient(at: Tensor([1.0])) { _ in throw Stop() } }
  }

  @Test func randomTensorsDependOnTheSeedOnly() {
    let a = randomTensor([3, 5], seed: 1)
    #expect(a.isIdentical(to: randomTensor([3, 5], seed: 1)))
    #expect(!a.isIdentical(to: randomTensor([3, 5], seed: 2)))
    #expect(randomTensor([2], seed: 1, dtype: .float64).dtype == .float64)
  }

  @Test func oddShapesCoverTheEdges() {
    #expect(oddShapes.contains([]) && oddShapes.contains([0]) && Set(oddShapes).count > 5)
  }

  /// In a process of its own: tests beside it free memory meanwhile.
  @Test func residentMemoryFollowsAnAllocationAndThePeakStays() async {
    await #expect(processExitsWith: .success) {
      let before = residentMemory()
      resetPeakMemory()
      #expect(abs(peakResidentMemory() - before) < 8 << 20)
      let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 20, alignment: 16)
      block.initializeMemory(as: UInt8.self, repeating: 1)
      #expect(residentMemory() - before > 56 << 20)
      block.deallocate()
      #expect(residentMemory() - before < 8 << 20)
      #expect(peakResidentMemory() - before > 56 << 20)
      resetPeakMemory()
      #expect(peakResidentMemory() - before < 8 << 20)
      #expect(before > 10 << 20)
    }
  }

  /// The bound of the memory tests is 1 MiB: one lost allocation of 16 bytes a round must exceed it.
  @Test func residentGrowthSeesASmallLeak() async {
    await #expect(processExitsWith: .success) {
      let lost = residentGrowth(rounds: 100_000) {
        UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 8).storeBytes(
          of: 1, as: Int.self)
      }
      #expect(lost > 2 << 20)
      let kept = residentGrowth(rounds: 100_000) {
        UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 8).deallocate()
      }
      #expect(kept < 1 << 20)
    }
  }
}
