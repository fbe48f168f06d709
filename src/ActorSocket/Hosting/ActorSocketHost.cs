using Akka.Actor;
using Microsoft.Extensions.Hosting;
using ActorSocket.Namespaces;

namespace ActorSocket.Hosting;

/// <summary>The servers of this host: started with the actor system, drained before Kestrel waits for its connections.</summary>
internal sealed class ActorSocketHost(IEnumerable<ActorSocketServerRegistration> registrations, IServiceProvider services) : IHostedLifecycleService
{
    private bool _attached;

    public void Attach(ActorSystem system)
    {
        _attached = true;
        foreach (var registration in registrations)
        {
            var server = registration.Get(services).Services;
            var name = server.Name.Length == 0 ? "actorsocket" : "actorsocket-" + server.Name;
            server.Root = system.ActorOf(NamespaceRoot.Props(server), name);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => _attached
        ? Task.CompletedTask
        : throw new InvalidOperationException(
            "ActorSocket was not started with the actor system. A call of AddAkka after AddActorSocket replaces the one that AddActorSocket makes: " +
            "call AddAkka first, with akka.WithActorSocket() in it.");

    /// <summary>With one upgraded connection open Kestrel would wait for its whole shutdown timeout; so this comes first.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(registrations.Select(registration => registration.Get(services).CloseAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>One server by the name it was added with.</summary>
internal sealed record ActorSocketServerRegistration(string Name)
{
    public ActorSocketServer Get(IServiceProvider services) =>
        Microsoft.Extensions.DependencyInjection.ServiceProviderKeyedServiceExtensions.GetRequiredKeyedService<ActorSocketServer>(services, Name);
}
