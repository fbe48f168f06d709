namespace ActorSocket;

/// <summary>
/// The Admin UI's server side (official: the options of <c>instrument</c>): the configuration section <c>ActorSocket:AdminUi</c>, and then
/// what <c>AddAdminUi</c> is given. Exactly one way to sign in is to be named: a user with a password, a policy, or nobody at all.
/// </summary>
public sealed class ActorSocketAdminUiOptions
{
    /// <summary>
    /// The namespace that the UI connects to; <c>/admin</c>. Not <c>/</c>. The application may guard it further, as any other. Official:
    /// <c>namespaceName</c>.
    /// </summary>
    public string NamespaceName { get; set; } = "/admin";

    /// <summary>
    /// Whether administrators only look: they cannot emit, nor let sockets join, leave or go. False. Official: <c>readonly</c>.
    /// </summary>
    public bool ReadOnly { get; set; }

    /// <summary>
    /// What the UI tells this node from others by; of each node another one. Null, the default: the host's name, and the tag of the node.
    /// Official: <c>serverId</c>.
    /// </summary>
    public string? ServerId { get; set; }

    /// <summary>
    /// How much the UI is told. Null, the default: <see cref="AdminUiMode.Development"/> where the host's environment is, else
    /// <see cref="AdminUiMode.Production"/>. Official: <c>mode</c>.
    /// </summary>
    public AdminUiMode? Mode { get; set; }

    /// <summary>The one user's name; with <see cref="PasswordHash"/>. Official: <c>auth.username</c>.</summary>
    public string? Username { get; set; }

    /// <summary>
    /// The one user's password, as a hash of bcrypt's such as <see cref="HashPassword"/> makes it. Of the password only the first 72 bytes
    /// count, as ever with bcrypt. Official: <c>auth.password</c>.
    /// </summary>
    public string? PasswordHash { get; set; }

    /// <summary>
    /// The name of an authorization policy of ASP.NET Core's that <see cref="Socket.User"/> has to meet: the user of the request (a cookie,
    /// say), or, with <c>UseAuthentication</c> on the namespace, of the <c>auth</c> payload. In place of a user with a password.
    /// </summary>
    public string? Policy { get; set; }

    /// <summary>Whether everybody who finds it is an administrator. False. Official: <c>auth: false</c>.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>Lets one user in, by a name and a password (official: <c>auth: { type: "basic", … }</c>).</summary>
    /// <param name="username">Its name.</param>
    /// <param name="passwordHash">A hash of bcrypt's: see <see cref="PasswordHash"/>.</param>
    /// <returns>The options.</returns>
    public ActorSocketAdminUiOptions UseBasicAuthentication(string username, string passwordHash)
    {
        ArgumentException.ThrowIfNullOrEmpty(username);
        ArgumentException.ThrowIfNullOrEmpty(passwordHash);
        (Username, PasswordHash, Policy, AllowAnonymous) = (username, passwordHash, null, false);
        return this;
    }

    /// <summary>Lets those in who meet a policy: see <see cref="Policy"/>.</summary>
    /// <param name="policy">Its name.</param>
    /// <returns>The options.</returns>
    public ActorSocketAdminUiOptions UsePolicy(string policy)
    {
        ArgumentException.ThrowIfNullOrEmpty(policy);
        (Username, PasswordHash, Policy, AllowAnonymous) = (null, null, policy, false);
        return this;
    }

    /// <summary>A hash for <see cref="PasswordHash"/>. Takes some 100 ms of a processor.</summary>
    /// <param name="password">The password, of at most 72 bytes.</param>
    /// <exception cref="ArgumentException">It is empty, or longer: bcrypt would not look at the rest.</exception>
    public static string HashPassword(string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(password);
        if (System.Text.Encoding.UTF8.GetByteCount(password) > 72)
            throw new ArgumentException("bcrypt looks at the first 72 bytes of a password: choose a shorter one.", nameof(password));
        return BCrypt.Net.BCrypt.HashPassword(password, 10);
    }
}

/// <summary>How much the Admin UI is told (official: <c>mode</c>).</summary>
public enum AdminUiMode
{
    /// <summary>
    /// Everything, while somebody looks: each socket with its handshake and its data, rooms, and each event with its arguments.
    /// </summary>
    Development,

    /// <summary>
    /// Numbers, every two seconds: connections, sockets of each namespace, packets and bytes. Nothing is made of a message.
    /// </summary>
    Production,
}
