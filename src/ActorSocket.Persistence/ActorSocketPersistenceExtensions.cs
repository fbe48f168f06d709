using ActorSocket;
using ActorSocket.Configuration;
using ActorSocket.Hosting;
using ActorSocket.Persistence;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Entities that outlive their processes.</summary>
public static class ActorSocketPersistenceExtensions
{
    /// <summary>
    /// Gives the entities of this application's servers a store: see <see cref="RoomEntity{TState}"/>. Configured by the section
    /// <c>ActorSocket:Persistence</c> and then by <paramref name="configure"/>; by default SQLite, in a file.
    /// </summary>
    /// <param name="builder">What <c>AddActorSocket</c> gave.</param>
    /// <param name="configure">Sets options in code.</param>
    /// <example><code>
    /// builder.Services.AddActorSocket().AddPersistence(options => options.UsePostgreSql(connectionString));
    /// </code></example>
    public static ActorSocketBuilder AddPersistence(
        this ActorSocketBuilder builder, Action<ActorSocketPersistenceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var options = services.AddOptions<ActorSocketPersistenceOptions>();
        if (!services.Any(static service => service.ImplementationType == typeof(PersistenceExtension)))
        {
            options
                .Configure<IServiceProvider>(static (store, provider) =>
                    provider.GetService<IConfiguration>()?.GetSection("ActorSocket:Persistence").Bind(store))
                .Validate(
                    static store => store.Timeout >= TimeSpan.FromMilliseconds(100) && store.Timeout <= TimeSpan.FromMinutes(1),
                    "ActorSocket:Persistence:Timeout must be between 100 ms and a minute."
                )
                .Validate(
                    static store => store.SnapshotStore is not null
                        || store.ConnectionString is not null
                        || store.Provider == ActorSocketPersistenceOptions.Sqlite,
                    "ActorSocket:Persistence has a Provider and no ConnectionString."
                )
                .ValidateOnStart();
        }
        if (configure is not null)
        {
            Callback.ThrowIfAsyncVoid(configure); // what it sets after its first await would come too late
            options.Configure(configure);
        }
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServerExtension, PersistenceExtension>());
        return builder;
    }
}
