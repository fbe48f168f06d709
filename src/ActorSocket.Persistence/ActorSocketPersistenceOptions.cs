namespace ActorSocket;

/// <summary>
/// Where the states of entities are (<see cref="RoomEntity{TState}"/>): the configuration section <c>ActorSocket:Persistence</c>, and then
/// what <c>AddPersistence</c> is given. By default the file <c>actorsocket.db</c> beside the application, with SQLite: for one node. The
/// nodes of a cluster share one database.
/// </summary>
public sealed class ActorSocketPersistenceOptions
{
    /// <summary>
    /// The database, by linq2db's name of its provider: <c>SQLite.MS</c>, the default, or <c>PostgreSQL.15</c> and the like. Its ADO.NET
    /// package is the application's, but for SQLite.
    /// </summary>
    public string Provider { get; set; } = Sqlite;

    /// <summary>How to reach it. Null, with the default provider: the file <c>actorsocket.db</c> in the content root.</summary>
    public string? ConnectionString
    {
        get;
        set => field = NullOfEmpty(value);
    }

    /// <summary>
    /// Instead of a database: the full name of an Akka.Persistence snapshot store in the actor system's HOCON, such as
    /// <c>akka.persistence.snapshot-store.mongodb</c>. Null: the database.
    /// </summary>
    public string? SnapshotStore
    {
        get;
        set => field = NullOfEmpty(value);
    }

    /// <summary>
    /// For how long the store may take to answer; 3 s. What takes longer has failed: a start fails its calls, a save is tried again. After
    /// five failures in a row nobody asks it for as long again. Between 100 ms and a minute. Best less than what callers wait for an entity
    /// (<c>ActorSocketClusterOptions.RequestTimeout</c>), who then learn the reason.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(3);

    internal static string Sqlite => "SQLite.MS";

    /// <summary>Keeps them in a file, with SQLite. Nodes of one machine may share it.</summary>
    /// <param name="path">Relative to the working directory, or absolute.</param>
    public ActorSocketPersistenceOptions UseSqlite(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path.Contains(';', StringComparison.Ordinal) || path.Contains('"', StringComparison.Ordinal))
            throw new ArgumentException("It is a path, not a connection string: set Provider and ConnectionString for that.", nameof(path));
        return UseDatabase(Sqlite, $"Data Source={path}");
    }

    /// <summary>Keeps them in PostgreSQL, from version 9.5 on. The application references the package <c>Npgsql</c>.</summary>
    /// <param name="connectionString">Npgsql's.</param>
    public ActorSocketPersistenceOptions UsePostgreSql(string connectionString) => UseDatabase("PostgreSQL.15", connectionString);

    /// <summary>Keeps them in any database that linq2db knows.</summary>
    /// <param name="provider">Its name there: see <see cref="Provider"/>.</param>
    /// <param name="connectionString">How to reach it.</param>
    public ActorSocketPersistenceOptions UseDatabase(string provider, string connectionString)
    {
        ArgumentException.ThrowIfNullOrEmpty(provider);
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        (Provider, ConnectionString, SnapshotStore) = (provider, connectionString, null);
        return this;
    }

    /// <summary>Keeps them in another Akka.Persistence snapshot store: see <see cref="SnapshotStore"/>.</summary>
    public ActorSocketPersistenceOptions UseSnapshotStore(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        SnapshotStore = name;
        return this;
    }

    /// <summary>Keeps them in memory, for tests: nothing outlives the process.</summary>
    public ActorSocketPersistenceOptions UseMemory() => UseSnapshotStore("akka.persistence.snapshot-store.inmem");

    /// <summary>Such as a variable of the environment that is set to nothing: SQLite would delete the file once it is closed.</summary>
    private static string? NullOfEmpty(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}
