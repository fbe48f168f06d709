using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Hosting;

namespace ActorSocket.Hosting;

/// <summary>What takes part in the start of the servers of a host: the cluster does. Registered with the application's services.</summary>
internal interface IServerExtension
{
    /// <summary>Adds to the actor system that ActorSocket makes for want of one of the application's.</summary>
    void Configure(AkkaConfigurationBuilder akka);

    /// <summary>A server is about to start its actors in this system.</summary>
    void Attach(ServerServices server, ActorSystem system);

    /// <summary>The host has started, with all of its servers.</summary>
    /// <param name="system">Where they live.</param>
    /// <param name="stopping">Cancelled when the host stops.</param>
    void OnStarted(ActorSystem system, CancellationToken stopping);
}
