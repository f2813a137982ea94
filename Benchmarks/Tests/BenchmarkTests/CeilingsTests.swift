import Testing

@testable import spikeguard_bench

@Suite struct CeilingsTests {
  private let ceilings = Ceilings(
    threads: 2,
    arithmetic: [
      .init(name: "product", shape: "", threads: 1, operationsPerSecond: 50),
      .init(name: "convolution", shape: "", threads: 2, operationsPerSecond: 100),
    ],
    traffic: [
      .init(kind: .copy, bytes: 10, threads: 1, bytesPerSecond: 80),
      .init(kind: .copy, bytes: 10, threads: 2, bytesPerSecond: 60),
      .init(kind: .read, bytes: 100, threads: 2, bytesPerSecond: 20),
      .init(kind: .copy, bytes: 1000, threads: 2, bytesPerSecond: 25),
    ])

  @Test func `a bound is the longer of arithmetic at the peak and traffic`() {
    #expect(ceilings.bound(operations: 1000, bytes: 10) == 10)
    #expect(ceilings.bound(operations: 1000, bytes: 2500) == 100)
  }

  @Test func `traffic between two measured sizes goes at the faster one's rate`() {
    #expect(ceilings.bandwidth(for: 99) == 80)
    #expect(ceilings.bandwidth(for: 2) == 80)
  }

  @Test func `a larger size that was measured faster counts too`() {
    #expect(ceilings.bandwidth(for: 100) == 25)
  }
}
