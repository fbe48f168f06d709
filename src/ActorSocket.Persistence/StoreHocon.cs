using System.Globalization;
using ActorSocket.Hosting;
using Akka.Configuration;

namespace ActorSocket.Persistence;

/// <summary>The options as Akka.Persistence.Sql reads them: a snapshot store beside those that the application may have.</summary>
internal static class StoreHocon
{
    public const string Name = "akka.persistence.snapshot-store.actorsocket";

    public static Config Render(ActorSocketPersistenceOptions options, string connectionString)
    {
        var timeout = ((int)options.Timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) + "ms";
        return ConfigurationFactory.ParseString(
            $$"""
            {{Name}} {
              class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
              plugin-id = {{Name}}
              initialization-retry-delay = 3s
              provider-name = {{HoconText.Quote(options.Provider)}}
              connection-string = {{HoconText.Quote(connectionString)}}
              default.snapshot.table-name = actorsocket_entities
              circuit-breaker { max-failures = 5, call-timeout = {{timeout}}, reset-timeout = {{timeout}} }
            }
            """
        );
    }
}
