using ActorSocket.Hosting;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ActorSocket.AdminUi;

/// <summary>One server that the Admin UI may look at, by the name it was added with.</summary>
internal sealed record AdminUiRegistration(string Name);

/// <summary>Gives the servers that ask for it their admin namespace, before any client can come.</summary>
internal sealed class AdminUiExtension(
    IEnumerable<AdminUiRegistration> registrations,
    IOptionsMonitor<ActorSocketAdminUiOptions> options,
    IServiceProvider services
) : IServerExtension
{
    private readonly List<AdminDesk> _desks = [];

    /// <summary>One for each server that has the Admin UI.</summary>
    public IReadOnlyList<AdminDesk> Desks => _desks;

    public void Configure(AkkaConfigurationBuilder akka)
    {
    }

    public void Attach(ServerServices server, ActorSystem system)
    {
        if (registrations.Any(registration => registration.Name == server.Name))
            _desks.Add(new AdminDesk(services.GetRequiredKeyedService<ActorSocketServer>(server.Name), options.Get(server.Name), services));
    }

    public void OnStarted(ActorSystem system, CancellationToken stopping)
    {
        foreach (var desk in _desks)
            _ = desk.RunAsync(stopping);
    }
}
