using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using ActorSocket.Data;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Sockets;

namespace ActorSocket.Tests.Infrastructure;

/// <summary>Another node that gives its sockets to clients which ask for them here, as soon as a test lets it.</summary>
internal sealed class NodeThatGives : OtherNodes
{
    public const string Tag = "QQQQQQ";

    /// <summary>What a client shows that has been there.</summary>
    public const string Secret = Tag + "0123456789012345678901";

    public const string Offset = Tag + "5";

    /// <summary>The socket that such a client had.</summary>
    public const string Id = Tag + "abcdefghijklmnopqrstuv";

    /// <summary>What it was told, in order: "+room", "-room", and "back" when its socket was given back.</summary>
    public ConcurrentQueue<string> Told { get; } = new();

    /// <summary>Whom it gives waits for this.</summary>
    public Task Gives { get; set; } = Task.CompletedTask;

    /// <summary>What it confirms waits for this.</summary>
    public Task Confirms { get; set; } = Task.CompletedTask;

    /// <summary>Somebody waits for <see cref="Gives"/>.</summary>
    public TaskCompletionSource IsAsked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override Task AnnounceAsync(string ns, string room)
    {
        Told.Enqueue("+" + room);
        return Confirms;
    }

    public override void Withdraw(string ns, string room) => Told.Enqueue("-" + room);

    public override async Task<SocketRestore?> FindAsync(NamespaceServices ns, RecoveryClaim claim)
    {
        IsAsked.TrySetResult();
        await Gives;
        return claim.Secret == Secret ? new Given(ns.Recovery!, claim, Told) : null;
    }

    private sealed class Given(RecoveryLog log, RecoveryClaim claim, ConcurrentQueue<string> told)
        : SocketRestore(new LostSocket(Id, Secret, [], new SocketData(), 0))
    {
        public override RecoveryStart Start => RecoveryStart.New(log.Last, claim);

        public override void GiveBack() => told.Enqueue("back");

        public override bool TryGetMissed(IRecoverable socket, [NotNullWhen(true)] out List<EncodedFrame>? missed)
        {
            missed = [];
            return true;
        }
    }
}
