using CsCheck;

namespace ActorSocket.Tests.Cluster.Entities;

/// <summary>
/// Entity hand-over over four nodes with crashes: whatever happens in whatever order, no entity rolls back, is lost in silence, or stays
/// asleep.
/// </summary>
public sealed class LedgerModelTests
{
    private enum Happening { Call, Wait, Rebalance, Leave, Crash, Join, Retire, FailStart, WaitLong }

    private static readonly Gen<Happening> AnyHappening = Gen.Frequency(
        (6, Gen.Const(Happening.Call)),
        (4, Gen.Const(Happening.Wait)),
        (3, Gen.Const(Happening.Rebalance)),
        (2, Gen.Const(Happening.Leave)),
        (2, Gen.Const(Happening.Crash)),
        (3, Gen.Const(Happening.Join)),
        (1, Gen.Const(Happening.Retire)),
        (1, Gen.Const(Happening.FailStart)),
        (2, Gen.Const(Happening.WaitLong))
    );

    [Fact]
    public void What_lived_lives_on_with_its_state_through_moves_leaves_crashes_and_a_bad_network() =>
        Gen.Select(Gen.Int, Gen.Select(AnyHappening, Gen.Int[0, 59]).Array[1, 120]).Sample(
            static (seed, happenings) => Run(seed, happenings),
            iter: 1000,
            print: static what => $"seed {what.Item1}: {string.Join(", ", what.Item2.Select(static one => one.Item1 + " " + one.Item2))}");

    private static void Run(int seed, (Happening, int)[] happenings)
    {
        var world = new LedgerWorld(seed);
        for (var i = 0; i < 4; i++)
            world.Join();
        foreach (var (what, which) in happenings)
        {
            switch (what)
            {
                case Happening.Call: world.Call(which); break;
                case Happening.Wait: world.Pass(which * 10); break;
                case Happening.Rebalance: world.Rebalance(which); break;
                case Happening.Leave: world.Leave(which); break;
                case Happening.Crash: world.Crash(which); break;
                case Happening.Join: world.Join(); break;
                case Happening.Retire: world.Retire(which); break;
                case Happening.FailStart: world.FailNextStart(which); break;
                default: world.Pass(which * 300); break;
            }
        }
        world.AssertAllLive();
    }
}
