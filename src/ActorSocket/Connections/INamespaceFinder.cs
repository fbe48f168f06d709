using Akka.Actor;

namespace ActorSocket.Connections;

/// <summary>Finds who lets clients into a namespace.</summary>
internal interface INamespaceFinder
{
    /// <summary>
    /// Who is to be told of a client that asks for it (<see cref="ConnectionEvents.ConnectSocket"/>); null when there can be none of that
    /// name.
    /// </summary>
    IActorRef? Find(string name);
}
