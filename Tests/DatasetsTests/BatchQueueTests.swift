import Foundation
import Synchronization
import Testing
import Torch

@testable import Datasets

@Suite(.timeLimit(.minutes(1))) struct BatchQueueTests {
  private static func batch(_ index: Int) -> Batch {
    Batch(images: .zeros([1]), labels: Tensor([0]), indices: [0], epoch: 0, index: index)
  }

  private func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<1_000 {
      if condition() { return true }
      Thread.sleep(forTimeInterval: 0.005)
    }
    return condition()
  }

  @Test("No more batches are made ahead than fit, and one in hand")
  func bounded() {
    let queue = BatchQueue(capacity: 3)
    let made = Mutex(0)
    queue.fill(0..<100) { index in
      made.withLock { $0 += 1 }
      return Self.batch(index)
    }
    #expect(eventually { made.withLock { $0 } == 4 })
    Thread.sleep(forTimeInterval: 0.05)
    #expect(made.withLock { $0 } == 4)
    #expect(queue.take().index == 0)
    #expect(eventually { made.withLock { $0 } == 5 })
    queue.cancel()
  }

  @Test(
    "With several makers no more are made ahead than fit, and one in each hand", arguments: 1...5)
  func boundedWithWorkers(workers: Int) {
    let queue = BatchQueue(capacity: 3)
    let made = Mutex(0)
    queue.fill(10..<100, workers: workers) { index in
      made.withLock { $0 += 1 }
      return Self.batch(index)
    }
    for taken in 0...2 {
      #expect(eventually { made.withLock { $0 } == 3 + workers + taken })
      Thread.sleep(forTimeInterval: 0.02)
      #expect(made.withLock { $0 } == 3 + workers + taken)
      #expect(queue.take().index == 10 + taken)
    }
    queue.cancel()
  }

  /// The first maker is the slowest: those that are ahead of it must not block it.
  @Test("Makers of different speed keep the order", arguments: [1, 2, 7])
  func unevenMakers(capacity: Int) {
    let queue = BatchQueue(capacity: capacity)
    queue.fill(0..<40, workers: 4) { index in
      Thread.sleep(forTimeInterval: index.isMultiple(of: 4) ? 0.01 : 0)
      return Self.batch(index)
    }
    #expect((0..<40).map { _ in queue.take().index } == Array(0..<40))
  }

  @Test("A slow maker keeps the order, and the taker waits")
  func slowMaker() {
    let queue = BatchQueue(capacity: 2)
    queue.fill(0..<5) { index in
      Thread.sleep(forTimeInterval: 0.01)
      return Self.batch(index)
    }
    #expect((0..<5).map { _ in queue.take().index } == [0, 1, 2, 3, 4])
  }

  /// The thread keeps the queue, so a queue that is gone means a thread that has ended.
  @Test(
    "Leaving an epoch ends its thread: at once, in the middle, at its end", arguments: [0, 1, 3, 7])
  func cancellation(taken: Int) throws {
    for round in 0..<20 {
      let loader = DataLoader(
        syntheticDataset(count: 7), batchSize: 1, prefetch: 1, workers: 1 + round % 3)
      var iterator: Epoch.Iterator? = loader.epoch(0).makeIterator()
      for _ in 0..<taken { #expect(iterator?.next() != nil) }
      weak let queue = iterator?.queue
      #expect(queue != nil || taken == 7)
      iterator = nil
      try #require(eventually { queue == nil })
    }
  }

  @Test("Breaking out of a loop leaves the next one intact")
  func breaking() {
    let loader = DataLoader(syntheticDataset(count: 7), batchSize: 2, order: .shuffled, seed: 3)
    for _ in 0..<50 {
      for batch in loader.epoch(0) where batch.index == 1 { break }
    }
    #expect(Array(loader.epoch(0)).flatMap(\.indices) == loader.sampleOrder(inEpoch: 0))
  }
}
