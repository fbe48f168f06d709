using System.Diagnostics.CodeAnalysis;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>What a session's home keeps of the requests of its client that came by other nodes.</summary>
internal sealed class RelayedRequests(SessionHome home, EngineConnection connection, ServerServices server, ClusterMetrics metrics)
    : IRelayedRequests
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);
    private const int MaxAsked = 4; // then the node is gone, whether or not the others have noticed

    private FragmentAssembler? _fragments; // long POSTs

    /// <summary>The last poll's answer; null when it did not go by another node.</summary>
    public AnswerOnItsWay? PollAnswer { get; set; }

    /// <summary>Likewise of the last POST.</summary>
    public AnswerOnItsWay? PostAnswer { get; set; }

    /// <summary>The poll that was last told to go to another node: where it waits, and its request there.</summary>
    public (IActorRef Gateway, long Request)? ReleasedPoll { get; set; }

    public async ValueTask<bool> HasGotAnswerAsync(bool ofPost)
    {
        if ((ofPost ? PostAnswer : PollAnswer) is not { } answer)
            return true;
        for (var asked = 0; asked <= MaxAsked; asked++)
        {
            try
            {
                if (await answer.Left.WaitAsync(AskInterval, server.Time).ConfigureAwait(false))
                    return true;
                break;
            }
            catch (TimeoutException)
            {
                home.AskWhetherLeft(answer);
            }
        }
        AnswerLost();
        return false;
    }

    /// <summary>Ends the session: the client has not got what it was answered.</summary>
    public void AnswerLost() => connection.Fail(null, DisconnectReason.TransportError, "an answer was lost with the node that it went by");

    public void Forget()
    {
        foreach (var answer in (ReadOnlySpan<AnswerOnItsWay?>)[PollAnswer, PostAnswer])
        {
            if (answer is not null)
                home.Forget(answer);
        }
    }

    /// <summary>A piece of a long request. In the session's turn. True when this was the last one.</summary>
    public bool TryAdd(Fragment fragment, IActorRef gateway, [NotNullWhen(true)] out ISessionRequest? whole)
    {
        _fragments ??= new FragmentAssembler(OnLost, 4L * server.Options.MaxHttpBufferSize);
        whole = _fragments.TryAdd(fragment, gateway, out var message) ? message as ISessionRequest : null;
        return whole is not null;
    }

    /// <summary>A POST is not whole: the session ends, as where a connection is cut in the middle of one.</summary>
    private void OnLost(IActorRef gateway, Fragment fragment)
    {
        metrics.MessageLost();
        connection.Fail(null, DisconnectReason.TransportError, "a part of a POST was lost between two nodes");
        gateway.Tell(new RequestRefused(fragment.Request, EngineIoError.UnknownSid));
    }
}
