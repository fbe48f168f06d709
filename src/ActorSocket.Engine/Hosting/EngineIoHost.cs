using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorSocket.Hosting;

/// <summary>One Engine.IO server by the name it was added with.</summary>
internal sealed record EngineIoRegistration(string Name)
{
    public EngineIoServer Get(IServiceProvider services) => services.GetRequiredKeyedService<EngineIoServer>(Name);
}

/// <summary>The Engine.IO servers of this host: started with the actor system, drained before Kestrel waits for its connections.</summary>
internal sealed class EngineIoHost(IEnumerable<EngineIoRegistration> registrations, IServiceProvider services) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var system = services.GetRequiredService<ActorSystem>();
        foreach (var registration in registrations)
            registration.Get(services).Start(system, registration.Name);
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        EndpointConventions.Check(services);
        return Task.CompletedTask;
    }

    /// <summary>With one upgraded connection open Kestrel would wait for its whole shutdown timeout; so this comes first.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(registrations.Select(registration => registration.Get(services).CloseAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>
/// Says that the actor system was made for an Engine.IO server, for want of another: a Socket.IO server may make its own instead.
/// </summary>
internal sealed class EngineIoOwnsActorSystem;
