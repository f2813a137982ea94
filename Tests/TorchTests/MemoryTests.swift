import TestSupport
import Testing
import Torch

/// 100,000 operations of each kind leave memory where it was, to within 1 MiB: 10 bytes an operation.
///
/// Each runs in a process of its own. A tensor that is never released takes more than 300 bytes, a lost error
/// message or result list more than 16; TestSupportTests shows that such a leak is seen.
@Suite(.serialized) struct MemoryTests {
  static let bound = 1 << 20

  @Test func operationsWithoutGradients() async {
    await #expect(processExitsWith: .success) {
      let (a, b) = (randomTensor([4], seed: 1), randomTensor([4], seed: 2))
      let grown = residentGrowth(rounds: 10_000) {
        let x = (a + b) * 2.0 - a / 3.0
        x.addInPlace(b)
        _ = Tensor.stacking([x, a], along: 1).transposed().reshaped([8])[2..<5].sum(along: [0])
      }
      #expect(grown < MemoryTests.bound, "grew by \(grown) bytes")
    }
  }

  @Test func operationsWithGradients() async {
    await #expect(processExitsWith: .success) {
      let x = randomTensor([4], seed: 1).requiringGradient()
      let unused = randomTensor([4], seed: 2).requiringGradient()
      let grown = residentGrowth(rounds: 20_000) {
        let loss = (x.sigmoid() * x).sum()
        _ = loss.gradients(of: ["x": x, "unused": unused])
        _ = x.detached().requiringGradient()
        _ = withoutGradients { x + 1.0 }
      }
      #expect(grown < MemoryTests.bound, "grew by \(grown) bytes")
    }
  }

  @Test func doubleDifferentiation() async {
    await #expect(processExitsWith: .success) {
      let x = randomTensor([4], seed: 1).requiringGradient()
      let v = randomTensor([4], seed: 2)
      let grown = residentGrowth(rounds: 10_000) {
        let gradient = x.power(3).sum().gradients(of: [x], createGraph: true)[0]
        _ = (gradient * v).sum().gradients(of: [x])
        // A graph that is made and never used.
        _ = x.power(3).sum().gradients(of: [x], createGraph: true)
      }
      #expect(grown < MemoryTests.bound, "grew by \(grown) bytes")
    }
  }

  @Test func listsOfTensors() async throws {
    await #expect(processExitsWith: .success) {
      let x = randomTensor([6, 2], seed: 1)
      let split = try Operator("split", "Tensor")
      let einsum = try Operator("einsum")
      let grown = try residentGrowth(rounds: 25_000) {
        let parts = try split.results(x, 2)[0].tensors
        _ = Tensor.concatenating(parts)
        _ = try Operator("sort").results(x)
        _ = try einsum("ij,kj->ik", [x, x])
      }
      #expect(grown < MemoryTests.bound, "grew by \(grown) bytes")
    }
  }

  @Test func failingCalls() async throws {
    await #expect(processExitsWith: .success) {
      let (x, y) = (randomTensor([2, 3], seed: 1), randomTensor([4], seed: 2))
      let leaf = x.requiringGradient()
      let (add, cat) = (try Operator("add", "Tensor"), try Operator("cat"))
      let (sort, einsum) = (try Operator("sort"), try Operator("einsum"))
      let calls: [() throws -> Void] = [
        { _ = try add(x, y) },
        { _ = try cat([x, y], 0) },
        { _ = try sort(x) },
        { _ = try einsum("ij", [x, y]) },
        { _ = try vectorJacobianProduct(outputs: [leaf * 2.0], inputs: [leaf], vectors: nil) },
        { try Generator(seed: 1).restore(y) },
      ]
      var failures = 0
      let grown = residentGrowth(rounds: 15_000) {
        for call in calls { do { try call() } catch { failures += 1 } }
      }
      #expect(failures == 16_500 * calls.count)
      #expect(grown < MemoryTests.bound, "grew by \(grown) bytes")
    }
  }

  @Test func generatorsAndNumbers() async {
    await #expect(processExitsWith: .success) {
      let state = Generator(seed: 1).state
      let grown = residentGrowth(rounds: 15_000) {
        let generator = Generator(seed: 2)
        generator.state = state
        let x = Tensor.normal([3], using: generator)
        _ = (generator.state, x.scalars(of: Double.self), x.max().item(), x.shape, "\(x)")
        _ = Tensor([1.0, 2, 3]).isIdentical(to: x)
      }
      #expect(grown < MemoryTests.bound, "grew by \(grown) bytes")
    }
  }
}
