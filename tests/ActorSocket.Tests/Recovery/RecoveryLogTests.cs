using System.Security.Claims;
using ActorSocket.Data;
using ActorSocket.Emitting;
using ActorSocket.Recovery;

namespace ActorSocket.Tests.Recovery;

public sealed class RecoveryLogTests
{
    [Fact]
    public void The_sockets_of_a_node_that_may_live_do_not_age_and_those_of_one_that_is_gone_do()
    {
        var time = new ManualTime();
        var log = new RecoveryLog(new RecoveryOptions(), "ABCDEF", time);
        LostSocket[] sockets =
        [
            .. Enumerable.Range(0, 10).Select(static i => new LostSocket($"id {i}", $"secret {i}", ["room"], new SocketData(), 0)),
        ];
        Assert.True(log.Apply(new ReplicaChanges(true, 0, [], sockets, [], new Dictionary<string, long>(StringComparer.Ordinal))));
        time.Seconds = 1000; // connected for long
        Assert.NotNull(log.Take(Claim(0), out _, ages: false));
        log.StartWaiting();
        time.Seconds += 119;
        for (var i = 1; i < 5; i++)
            Assert.NotNull(log.Take(Claim(i), out _));
        time.Seconds += 2;
        Assert.Null(log.Take(Claim(9), out _));
    }

    [Fact]
    public void Of_more_sockets_than_are_copied_at_once_those_that_changed_first_go_first()
    {
        var log = new RecoveryLog(new RecoveryOptions(), "ABCDEF", new ManualTime());
        Assert.True(log.TakeChanges(-1, [], 2)!.IsWhole);
        Touch("a", "b", "c");
        Assert.Equal(["a", "b"], Next(isWhole: false), StringComparer.Ordinal);
        Touch("b", "a", "c"); // it has waited longest, and keeps its place
        Assert.Equal(["c", "b"], Next(isWhole: false), StringComparer.Ordinal);
        Assert.Equal(["a"], Next(isWhole: true), StringComparer.Ordinal);
        Assert.Null(log.TakeChanges(0, [], 2));

        void Touch(params string[] secrets) => Array.ForEach(secrets, secret => log.Touch(new Connected(secret)));

        IEnumerable<string> Next(bool isWhole)
        {
            var changes = log.TakeChanges(0, [], 2)!;
            Assert.Equal(isWhole, changes.IsWhole);
            return changes.Sockets.Select(static socket => socket.Secret);
        }
    }

    private sealed record Connected(string Id) : IRecoverable
    {
        public string RecoverySecret => Id;

        public RecoveryStart RecoveryStart => new("", -1, 0);

        public IReadOnlyCollection<string> CurrentRooms => [];

        public SocketData Bag { get; } = new();

        public ClaimsPrincipal? KnownUser => null;

        bool IRecoverable.Connected => true;

        public bool IsOver => false;
    }

    [Fact]
    public void What_a_socket_has_had_elsewhere_of_what_comes_to_every_node_is_not_for_it_and_nothing_else_is_withheld()
    {
        var log = new RecoveryLog(new RecoveryOptions(), "ABCDEF", new ManualTime());
        log.ToldOf("ada", [5, 9, 13, 17, 6, 14]);
        Assert.Equal(["ada"], log.UntoldOf(5, RoomSelection.Everyone).Excluded);
        Assert.Empty(log.UntoldOf(0, RoomSelection.Everyone).Excluded); // of another kind
        Assert.Equal(["ada"], log.UntoldOf(13, RoomSelection.Everyone).Excluded);
        Assert.Empty(log.UntoldOf(9, RoomSelection.Everyone).Excluded); // the same once more: it has been passed
        Assert.Empty(log.UntoldOf(17, RoomSelection.Everyone).Excluded);
        Assert.Equal(["ada"], log.UntoldOf(6, RoomSelection.Everyone).Excluded); // by another way
    }

    private static RecoveryClaim Claim(int i) => new($"secret {i}", "ABCDEF", 0);
}
