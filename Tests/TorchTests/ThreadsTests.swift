import Testing
import Torch

/// The loops of CTorch's own kernels run on the engine's threads.
@Suite struct ThreadsTests {
  @Test(arguments: [1, 2, 3])
  func `a loop of our own runs on as many threads as the engine is told`(_ threads: Int) throws {
    let before = Engine.threads
    defer { Engine.threads = before }
    Engine.threads = threads
    guard case .int(let found) = try Operator("spikeguard::threads_of_a_loop").results()[0] else {
      Issue.record("expected a number of threads")
      return
    }
    #expect(found == threads)
  }
}
