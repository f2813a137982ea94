import TestSupport
import Testing
import Torch

@Suite struct GradientModeTests {
  struct Stop: Error {}

  @Test func scopesSwitchRecordingAndNest() {
    let x = Tensor([1.0]).requiringGradient()
    #expect(isRecordingGradients)
    withoutGradients {
      #expect(!isRecordingGradients && !(x * 2.0).requiresGradient)
      withGradients { #expect(isRecordingGradients && (x * 2.0).requiresGradient) }
      #expect(!isRecordingGradients)
      withoutGradients {}
      #expect(!isRecordingGradients, "an inner scope leaves the outer one")
    }
    #expect(isRecordingGradients && (x * 2.0).requiresGradient)
  }

  @Test func scopesEndWhenTheirBodyThrows() {
    #expect(throws: Stop.self) { try withoutGradients { () throws(Stop) in throw Stop() } }
    #expect(isRecordingGradients)
    withoutGradients {
      #expect(throws: Stop.self) { try withGradients { () throws(Stop) in throw Stop() } }
      #expect(!isRecordingGradients)
    }
    #expect(isRecordingGradients)
  }

  @Test func scopesReturnTheirResult() {
    #expect(withoutGradients { 3 } + withGradients { 4 } == 7)
  }

  @Test func gradientsCanBeTakenInsideAnEvaluation() {
    withoutGradients {
      let x = Tensor([3.0]).requiringGradient()
      let gradient = withGradients { x.squared().sum() }.gradients(of: [x])[0]
      #expect(gradient.item() == 6 && !isRecordingGradients)
    }
  }

  /// A thread's scope is its own: 16 tasks switch at will while others record.
  @Test func scopesDoNotReachOtherThreads() async {
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<16 {
        group.addTask {
          (0..<200).allSatisfy { _ in
            index.isMultiple(of: 2)
              ? withoutGradients { !isRecordingGradients } : isRecordingGradients
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  /// The same tensors and one graph's inputs used by 16 tasks at once, against the result of one.
  @Test func concurrentUseGivesTheResultOfOneThread() async {
    let x = randomTensor([8, 8], seed: 1, dtype: .float64)
    let weight = randomTensor([8, 8], seed: 2, dtype: .float64).requiringGradient()
    @Sendable func work() -> (Tensor, Tensor) {
      let loss = x.matmul(weight).sigmoid().sum()
      return (loss.detached(), loss.gradients(of: [weight])[0])
    }
    let expected = work()
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<16 {
        group.addTask {
          (0..<50).allSatisfy { _ in
            let found = work()
            return found.0.isIdentical(to: expected.0) && found.1.isIdentical(to: expected.1)
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}
